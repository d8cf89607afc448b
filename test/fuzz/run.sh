#!/bin/sh
# Runs one fuzz target for a while, from its committed corpus; what it finds new
# stays in build/, a crash stays there with its input and fails the run.
#
# Usage: test/fuzz/run.sh fuzz_NAME SECONDS
set -eu

name=$1
target=build/fuzz-$(uname -m | sed s/aarch64/arm64/)/$name
work=build/fuzz/$name
mkdir -p "$work"
make -s "$target"
if "$target" -max_total_time="$2" -timeout=20 -max_len=16384 -rss_limit_mb=4096 \
    -print_final_stats=1 -artifact_prefix="$work-" -verbosity=0 \
    "$work" "test/fuzz/corpus/${name#fuzz_}" >"$work.log" 2>&1; then
    grep number_of_executed_units "$work.log"
else
    tail -n 40 "$work.log"
    exit 1
fi
