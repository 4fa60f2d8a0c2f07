#!/usr/bin/env bash
# A pipe that nobody writes to, where a file is expected: nothing waits for it.
. "${BASH_SOURCE%/*}/cli.sh"

root=$PWD commit=0123456789abcdef0123456789abcdef01234567
cd "$tmp" || exit 1
export HF_HUB_CACHE=$tmp/hub HF_HUB_OFFLINE=1
repo=$HF_HUB_CACHE/models--acme--vision
mkdir -p "$repo/refs" "$repo/blobs" "$repo/snapshots/$commit"

mkfifo pipe.gguf
fails 3 'pipe.gguf: is a pipe, not a file' show pipe.gguf
fails 3 'pipe.gguf: is a pipe, not a file' ask -m pipe.gguf hello

mkfifo "$repo/refs/main"
fails 3 'refs/main is not a file' show acme/vision
rm "$repo/refs/main"
echo $commit >"$repo/refs/main"
mkfifo "$repo/blobs/$commit"
ln -s ../../blobs/$commit "$repo/snapshots/$commit/model.gguf"
fails 3 'acme/vision is not in the cache' show acme/vision

# What an unfinished download notes beside itself.
mkdir -p "$HF_HUB_CACHE/.locks/models--acme--vision"
: >"$repo/blobs/$commit.incomplete"
mkfifo "$HF_HUB_CACHE/.locks/models--acme--vision/$commit.lock"
run list
check list does not wait -- test "$code" -ne 124

mkdir a b
mkfifo a/order.txt
fails 2 'a/order.txt: is a pipe, not a file' compare a b

# The pipeline cache is only a help: without it the answer is the same.
mkdir pipelines.fifo
cp "$root/tests/families/picturebook/picture.png" .
export VIDI_CACHE_DIR=$tmp/pipelines.fifo
works ask -n 2 picture.png 'What is this?'
mv out first
kept=$(find "$VIDI_CACHE_DIR" -type f)
check it is kept -- test -n "$kept"
rm -f $kept && mkfifo $kept
works ask -n 2 picture.png 'What is this?'
check the same answer -- cmp -s out first
check the pipe is said -- grep -q 'pipe' err
finish
