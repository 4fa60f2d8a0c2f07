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

# The model that ships inside, a picture and an answer: under 300 MiB of the host's memory, with all
# that the program's libraries and a driver on the CPU take.
if [ -n "${PEAK:-}" ]; then
    need_model
    VIDI_DEBUG='' "$PEAK" peak "$VIDI" ask "$root/tests/families/picturebook/picture.png" \
        'What is in this picture?' >out 2>err </dev/null
    code=$?
    check an answer -- test "$code" -eq 0 -a -s out
    echo "peak: $(<peak) KiB"
    check its memory -- test "$(<peak)" -gt 10240 -a "$(<peak)" -lt $((300 * 1024))
fi
finish
