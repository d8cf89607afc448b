#!/bin/sh
# Runs a command as one test and ends in the closing line that test/run.sh reads.
#
# Usage: test/count.sh COMMAND...
if "$@"; then
    echo "1 passed, 0 failed, 0 skipped"
else
    echo "FAIL $*"
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
fi
