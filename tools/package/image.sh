#!/bin/sh
# A container image of one executable, as an OCI archive: one manifest, one
# layer, nothing but /bootstrap in it. A model given lies beside it, /model.mote
# in a second layer, so that the first is the same for all models. No daemon, no
# root, no times: the same files give the same bytes. skopeo pushes it as it is.
#
# Usage: tools/package/image.sh BOOTSTRAP OUTPUT.tar x86_64|arm64 [MODEL.mote]
set -eu

bootstrap=$1
output=$2
model=${4-}
case $3 in
x86_64) architecture=amd64 ;;
*) architecture=$3 ;;
esac
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
oci=$folder/oci
mkdir -p "$oci/blobs/sha256" "$folder/root"

# a tar of a folder's entries that depends on nothing but their bytes
pack() {
    tar --sort=name --format=ustar --mtime=@0 --owner=0 --group=0 \
        --numeric-owner -C "$1" -cf - "$2"
}

# puts a file among the blobs and prints its descriptor
blob() {
    digest=$(sha256sum "$2" | cut -d ' ' -f 1)
    mv "$2" "$oci/blobs/sha256/$digest"
    printf '{"mediaType":"%s","digest":"sha256:%s","size":%d}' "$1" "$digest" \
        "$(wc -c <"$oci/blobs/sha256/$digest")"
}

layers= diff_ids=
# adds a layer of one file: its mode, where it lies, its name in the root
layer() {
    install -m "$1" "$2" "$folder/root/$3"
    pack "$folder/root" "$3" >"$folder/layer.tar"
    diff_id=$(sha256sum "$folder/layer.tar" | cut -d ' ' -f 1)
    gzip -9 -n "$folder/layer.tar"
    descriptor=$(blob application/vnd.oci.image.layer.v1.tar+gzip "$folder/layer.tar.gz")
    layers=$layers${layers:+,}$descriptor
    diff_ids=$diff_ids${diff_ids:+,}\"sha256:$diff_id\"
}

layer 755 "$bootstrap" bootstrap
[ -z "$model" ] || layer 644 "$model" model.mote

cat >"$folder/config" <<END
{"architecture":"$architecture","os":"linux","config":{"Entrypoint":["/bootstrap"],"WorkingDir":"/"},"rootfs":{"type":"layers","diff_ids":[$diff_ids]}}
END
config=$(blob application/vnd.oci.image.config.v1+json "$folder/config")

cat >"$folder/manifest" <<END
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":$config,"layers":[$layers]}
END
manifest=$(blob application/vnd.oci.image.manifest.v1+json "$folder/manifest")

echo '{"imageLayoutVersion":"1.0.0"}' >"$oci/oci-layout"
cat >"$oci/index.json" <<END
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[$manifest]}
END
pack "$oci" . >"$output"
echo "$output: $(wc -c <"$output") bytes, $architecture, manifest $(echo "$manifest" | grep -o 'sha256:[0-9a-f]*')"
