#!/bin/sh
# Prints the commands of a set of suites, for test/run.sh.
#
# Usage: test/suites.sh quick|ci|long
set -eu

host=$(uname -m | sed s/aarch64/arm64/)
pytest="build/venv/bin/python -m pytest"
# Outside test data, which are no part of the project: the folder that
# MOTE_DATA names, or one that lies beside the checkout.
: "${MOTE_DATA:=$(for f in ../*/data/README.md; do [ -f "$f" ] && dirname "$f" && break; done)}"

c_tests() { # heading, build folder, how programs start there
    echo "# $1"
    for source in test/*/test_*.c; do
        echo "MOTE_DATA=$MOTE_DATA $3 $2/${source%.c}"
    done
}

function_tests() { # heading, bootstrap's folder, how it starts, slowness, more
    echo "# $1"
    echo "MOTE_BOOTSTRAP=$2/iris/bootstrap MOTE_BOOTSTRAP_NONE=$2/none/bootstrap" \
        "MOTE_EXEC=$3 MOTE_SLOW=$4 $pytest $5 test/function"
}

net_tests() { # heading, build folder, how programs start there, slowness
    echo "# $1"
    echo "MOTE_TLS_CLIENT=$2/test/net/tls_client MOTE_NET_CLIENT=$2/test/net/client" \
        "MOTE_EXEC=$3 MOTE_SLOW=$4 $pytest test/net"
}

quick() {
    c_tests "C, with sanitizers" build/asan-"$host" ""
    c_tests "C, as it ships" build/"$host" ""
    [ "$host" = arm64 ] || c_tests "C on arm64, emulated" build/arm64 qemu-aarch64-static
    echo "# engine without an operating system"
    echo "test/count.sh make -s freestanding"
    [ "$host" = arm64 ] || echo "test/count.sh make -s freestanding ARCH=arm64"
    echo "# tools and tree"
    echo "$pytest test/tools"
    echo "# emulator"
    echo "$pytest test/emulator"
    function_tests "function, as it ships" build/"$host" "" 1 ""
    net_tests "net, as it ships" build/"$host" "" 1
    echo "# end to end"
    echo "$pytest test/e2e"
}

ci() {
    quick
    function_tests "function, with sanitizers" build/asan-"$host" "" 5 ""
    [ "$host" = arm64 ] ||
        function_tests "function on arm64, emulated" build/arm64 qemu-aarch64-static 40 ""
    net_tests "net, with sanitizers" build/asan-"$host" "" 5
    [ "$host" = arm64 ] || net_tests "net on arm64, emulated" build/arm64 qemu-aarch64-static 40
    echo "# what only CI installs"
    echo "$pytest -m ci test"
    echo "# fuzzing"
    for source in test/fuzz/fuzz_*.c; do
        name=$(basename "$source" .c)
        echo "test/count.sh test/fuzz/run.sh $name ${FUZZ_SECONDS:-20}"
    done
}

long() {
    FUZZ_SECONDS=600
    ci
    echo "# long"
    echo "$pytest -m long test"
}

case ${1:-} in
quick | ci | long) "$1" ;;
*)
    echo "usage: test/suites.sh quick|ci|long" >&2
    exit 2
    ;;
esac
