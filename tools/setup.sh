#!/bin/sh
# Installs what a Debian 12 machine lacks for one purpose; elsewhere says what
# is missing. Nothing is done, and no root needed, when all is there.
#
# Usage: tools/setup.sh build|run|test|ci
set -eu

# what a command comes from: "command package", one a line
needs() {
    case $1 in
    build) echo 'gcc gcc
musl-gcc musl-tools
strip binutils' ;;
    arm64) echo 'aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
aarch64-linux-musl-gcc musl-dev:arm64
qemu-aarch64-static qemu-user-static' ;;
    esac
}
needs "$@" >/dev/null
