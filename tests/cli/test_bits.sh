#!/usr/bin/env bash
# The same question has the same logits to the last bit: again, and in chunks of other lengths.
root=$PWD
. "${BASH_SOURCE%/*}/cli.sh"

cd "$tmp" || exit 1
n=0 first=
for name in mistral gemma3 heads18; do
    model=$root/tests/families/decoders/$name/tiny.gguf
    for context in 64 64 5 7 8 9 17; do # a chunk is no longer than the context
        n=$((n + 1))
        works dump -m "$model" --raw -p abcd -c "$context" --tensors logits --to "$name-$n"
        first=${first:-$name-$n}
        check "$name, a context of $context" -- cmp "$first/logits.npy" "$name-$n/logits.npy"
    done
    first=
done
finish
