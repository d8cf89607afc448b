#!/bin/sh
# Runs test programs one after another, shows what is worth seeing and adds up
# their closing lines ("N passed, N failed, N skipped").
#
# Usage: test/run.sh COMMANDS   a file: one shell command a line; "# text" is a
#                               heading
#
# A suite that ends without its closing line counts as one failure. With CI set
# only the skips listed in test/skips.txt are allowed; others count as failures.
set -u

passed=0 failed=0 skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

allowed() { # whether a skip is listed: "SKIP name: reason" by a part of it
    while read -r part; do
        case $part in
        '' | '#'*) ;;
        *) case $1 in *"$part"*) return 0 ;; esac ;;
        esac
    done <test/skips.txt
    return 1
}

add() { # counts of one suite
    passed=$((passed + $1))
    failed=$((failed + $2))
    skipped=$((skipped + $3))
}

while read -r command; do
    case $command in
    '') continue ;;
    '#'*)
        printf '\n%s\n' "$command"
        continue
        ;;
    esac
    sh -c "$command" >"$log" 2>&1 </dev/null
    status=$?
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log" | tail -n 1)
    if [ -z "$line" ]; then
        tail -n 40 "$log"
        echo "FAIL $command: ended with status $status and no count"
        add 0 1 0
        continue
    fi
    # shellcheck disable=SC2046 # three numbers
    set -- $(echo "$line" | tr -dc '0-9 ')
    [ "$status" = 0 ] || [ "$2" != 0 ] || set -- "$1" 1 "$3"
    if [ "$2" != 0 ]; then
        tail -n 200 "$log"
    else
        grep -E '^(SKIP| *[0-9]+  not applicable)' "$log"
    fi
    echo "$line  $command"
    add "$1" "$2" "$3"
    if [ -n "${CI:-}" ]; then
        grep '^SKIP' "$log" >"$log.skips"
        while read -r skip; do
            allowed "$skip" || {
                echo "FAIL not an allowed skip: $skip"
                add 0 1 0
            }
        done <"$log.skips"
        rm -f "$log.skips"
    fi
done <"$1"

echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
