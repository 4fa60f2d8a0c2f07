#!/usr/bin/env bash
# What does not fit: exit code 5, before the memory is taken.
root=$PWD
. "${BASH_SOURCE%/*}/cli.sh"

cd "$tmp" || exit 1
cp "$root/tests/families/llama/tiny.gguf" long.gguf
key=llama.context_length
at=$(grep -obUa "$key" long.gguf | head -n 1 | cut -d : -f 1)
le 4 16777216 | dd of=long.gguf bs=1 seek=$((at + ${#key} + 4)) conv=notrunc status=none
works show long.gguf
check the file was changed -- grep -Eq '^context +16777216 tokens' "$tmp/out"

fails 5 '^vidi: a context of 16777216 tokens (is too long for|needs) ' \
    ask -m long.gguf -c 16777216 hello
fails 5 '^vidi: a context of 16777216 tokens ' chat -m long.gguf -c 16777216
works ask -m long.gguf -c 64 -n 1 hello
finish
