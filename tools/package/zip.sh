#!/bin/sh
# A Lambda zip of one executable: bootstrap, mode 755, no times, no extra
# fields, so that the same executable gives the same bytes on any day.
#
# Usage: tools/package/zip.sh BOOTSTRAP OUTPUT.zip
set -eu

bootstrap=$1
output=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

install -m 755 "$bootstrap" "$folder/bootstrap"
TZ=UTC touch -d 1980-01-01T00:00:00 "$folder/bootstrap"
rm -f "$output"
(cd "$folder" && TZ=UTC zip -q -9 -X "$output" bootstrap)
echo "$2: $(wc -c <"$output") bytes, sha256 $(sha256sum "$output" | cut -d ' ' -f 1)"
