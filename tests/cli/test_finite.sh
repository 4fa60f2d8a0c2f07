#!/usr/bin/env bash
# Weights that are infinite or no numbers: exit code 3 and the tensor's name, before an answer is.
root=$PWD
. "${BASH_SOURCE%/*}/cli.sh"

cd "$tmp" || exit 1
put() { # FILE PLACE VALUE: four bytes
    printf '%b' "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
size=$(wc -c <"$root/tests/families/decoders/heads18/tiny.gguf")
for place in $((size / 8 * 4)) $((size - 4)); do # in a matrix, in a vector
    for value in '\0\0\300\177' '\0\0\200\377'; do # a NaN, an infinity
        cp "$root/tests/families/decoders/heads18/tiny.gguf" broken.gguf
        put broken.gguf "$place" "$value"
        fails 3 '^vidi: broken.gguf: tensor [a-z0-9_.]+ has numbers that are infinite or none, the first in row [0-9]+$' \
            ask -m broken.gguf --raw -n 1 hello
    done
done
finish
