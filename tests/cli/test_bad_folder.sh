#!/usr/bin/env bash
# A folder that cannot be read, or not to its end, is not an empty one.
. "${BASH_SOURCE%/*}/cli.sh"
: "${BAD_FOLDER_LIBRARY:?names the library that makes reading fail}"

root=$PWD commit=0123456789abcdef0123456789abcdef01234567
cd "$tmp" || exit 1
export HF_HUB_CACHE=$tmp/hub HF_HUB_OFFLINE=1
repo=$HF_HUB_CACHE/models--acme--vision locks=$HF_HUB_CACHE/.locks/models--acme--vision
mkdir -p "$repo/refs" "$repo/snapshots/$commit" "${locks%/*}"
echo $commit >"$repo/refs/main"
works list

: >"$locks"
fails 1 'hub: cannot be read: Not a directory' rm acme/vision
rm "$locks"
: >"$repo/blobs"
for command in list verify; do fails 1 'hub: cannot be read: Not a directory' $command; done
fails 1 'hub: cannot be read: Not a directory' rm acme/vision
rm "$repo/blobs"
rmdir "$repo/snapshots/$commit"
: >"$repo/snapshots/$commit"
fails 3 "snapshots/$commit: cannot be read: Not a directory" show acme/vision
rm "$repo/snapshots/$commit"
mkdir "$repo/snapshots/$commit"

bad() { # FOLDER COMMAND...
    local ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0
    export ASAN_OPTIONS
    LD_PRELOAD=$BAD_FOLDER_LIBRARY BAD_FOLDER=$1 "${@:2}"
}
mkdir models a b dumped
ln -s "$root/models/picturebook/picturebook.gguf" models/text.gguf
bad "$commit" fails 3 "$commit: cannot be read: Input/output error" show acme/vision
bad /hub fails 1 'hub: cannot be read: Input/output error' list
bad /models fails 3 'models: cannot be read: Input/output error' ask -m models hello
bad /a fails 2 'a: cannot be read: Input/output error' compare a b
bad /dumped fails 1 'dumped: cannot be read: Input/output error' dump --prompt hello --to dumped

# The model itself can be read: only what may lie beside it is unknown.
bad /models works ask -n 2 -m models/text.gguf hello
check it is said -- grep -q 'models/: cannot be read, so no vision part is taken from it' err
finish
