#!/usr/bin/env bash
# `vidi quantize`: a file that vidi opens, and what is refused.
. "${BASH_SOURCE%/*}/cli.sh"

model=$PWD/tests/families/folders/smolvlm
cd "$tmp" || exit 1
works quantize "$model" -o small.gguf --type q8_0
check nothing is printed -- same "$(wc -c <out)" 0
works show small.gguf --json
check the key of the vision part is there -- same "$(json 'metadata.clip.projector_type' 2>/dev/null || grep -c clip.projector_type out)" 1
check the vision part is named -- same "$(json vision.projector) $(json vision.path)" 'idefics3 small.gguf'
check types and their bytes -- test "$(json types.q8_0)" -gt "$(json types.f16)"
check matrices are q8_0 -- test "$(grep -o '"q8_0"' out | wc -l)" -gt 4
check norms stay -- same "$(grep -cE 'norm.weight", "type": "q|ln[12].weight", "type": "q' out)" 0
of_file=$(json types)
works show "$model" --type q8_0 --json
check shown as it is when it is loaded so -- same "$(json types)" "$of_file"
works show "$model" --json
check shown as it is -- test "$(json types)" != "$of_file"
works show small.gguf
check a row of it -- grep -Eq '^vision +SigLIP in tiles.*SmolVLM' out
check a row of types -- grep -Eq '^types +q8_0 [0-9.]+ KiB, f16 ' out
check only the file is left -- same "$(ls -- *.gguf*)" small.gguf

fails 2 'wants the file' quantize "$model" --type q8_0
fails 2 'wants a type' quantize "$model" -o b.gguf
fails 2 'q8_0\|q4_0\|q4_K' quantize "$model" -o b.gguf --type q9
fails 3 'small.gguf: is a file of the model itself' quantize small.gguf -o small.gguf --type q4_0
fails 3 'b.gguf: cannot be written' quantize "$model" -o missing/b.gguf --type q4_0
fails 3 'missing' quantize missing -o b.gguf --type q4_0

# Two at once: each writes a file of its own, and one of the two is left.
works quantize "$model" -o one.gguf --type q8_0
works quantize "$model" -o other.gguf --type q4_0
for _ in 1 2 3 4; do
    "$VIDI" quantize "$model" -o both.gguf --type q8_0 >/dev/null 2>&1 &
    first=$!
    "$VIDI" quantize "$model" -o both.gguf --type q4_0 >/dev/null 2>&1 &
    second=$!
    wait $first && wait $second || complain "both should work"
    cmp -s both.gguf one.gguf || cmp -s both.gguf other.gguf || complain "a mixture of two files"
done
rm one.gguf other.gguf both.gguf
check nothing is left of both -- same "$(ls -A | grep -v -e '^out$' -e '^err$' -e '^state$')" small.gguf
fails 3 '/dev/null: cannot be written: it is a device' quantize "$model" -o /dev/null --type q8_0
check the device is still one -- test -c /dev/null

# A disk that is full: the limit on a file's size gives the same kind of failure.
before=$(md5sum <small.gguf)
ulimit -f 64
run quantize "$model" -o small.gguf --type q4_0
check a full disk is said -- same "$code $(grep -c 'small.gguf: cannot be written' err)" '3 1'
check the file before stays -- same "$(md5sum <small.gguf)" "$before"
check nothing is left behind -- same "$(ls -- *.gguf*)" small.gguf
finish
