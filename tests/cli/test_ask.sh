#!/usr/bin/env bash
# Answers: what is on which stream, the JSON object, and options that change the answer.
. "${BASH_SOURCE%/*}/cli.sh"
need_model

picture "$tmp/a.ppm" 64 48
picture "$tmp/b.ppm" 20 30
question='What colour is it?'

works ask -n 12 "$tmp/a.ppm" "$question"
cp "$tmp/out" "$tmp/answer"
check an answer -- test -s "$tmp/out"
check one newline at the end -- same "$(tail -c1 "$tmp/out" | od -An -tx1 | tr -d ' ')" 0a
check nothing else -- test ! -s "$tmp/err"
works ask -n 12 -p "$question" "$tmp/a.ppm"
check -p says the same -- cmp -s "$tmp/out" "$tmp/answer"
works ask --predict=12 --image="$tmp/a.ppm" "$question"
check --image says the same -- cmp -s "$tmp/out" "$tmp/answer"

VIDI_CACHE_DIR="$tmp/none" works ask -n 12 --no-cache "$tmp/a.ppm" "$question"
check the same without a cache -- cmp -s "$tmp/out" "$tmp/answer"
check no folder made -- test ! -e "$tmp/none"
# Mesa keeps its own cache in that folder; without it every shader is compiled for half a minute.
export MESA_SHADER_CACHE_DIR="${MESA_SHADER_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}}"
VIDI_CACHE_DIR='' XDG_CACHE_HOME="$tmp/xdg" works ask -n 12 "$tmp/a.ppm" "$question"
check the same with a fresh cache -- cmp -s "$tmp/out" "$tmp/answer"
check which is kept -- test -n "$(ls "$tmp/xdg/vidi")"
VIDI_CACHE_DIR=/proc/none works devices
check no word where no folder can be made -- test ! -s "$tmp/err"
works ask -n 12 -v "$tmp/a.ppm" "$question"
check -v leaves stdout alone -- cmp -s "$tmp/out" "$tmp/answer"
check -v tells times -- grep -q '^vidi: loaded in ' "$tmp/err"

works ask -n 12 --json "$tmp/a.ppm" "$question"
check one line -- same "$(wc -l <"$tmp/out")" 1
check the same text -- same "$(json text)" "$(cat "$tmp/answer")"
for field in text tokens prompt_tokens image_tokens image stop_reason ms.load ms.image ms.prompt \
    ms.answer device; do
    check "the field $field" -- test -n "$(json $field)"
done
check 9 fields, 4 of them times -- same "$(json '#') $(json 'ms.#')" '9 4'
check no boxes in words -- same "$(json 'boxes.#')" 0
# A model that answers every question with a box, in pixels of the picture, 90 x 60.
works ask --json -m tests/families/folders/kosmos2_boxes tests/families/folders/kosmos2/wide.png 'What is it?'
check the answer with a box -- same "$(json text)" \
    '<phrase> dog</phrase><object><patch_index_0044><patch_index_0863></object>'
check one box -- same "$(json 'boxes.#') $(json boxes.0.label)" '1 dog'
check where it is -- same "$(for i in 0 1 2 3; do json boxes.0.box.$i; done | xargs)" '35 3 89 50'
works ask -n 12 --json "$tmp/a.ppm" "$question"
check tokens -- test "$(json 'tokens.#')" -ge 1
check the picture as given -- same "$(json image.0.width) $(json image.0.height)" '64 48'
check the picture as seen -- test "$(json image.0.used_width)" -ge 1 -a "$(json image.0.used_height)" -ge 1
check its tokens -- test "$(json image_tokens)" -ge 1
check prompt counts them too -- test "$(json prompt_tokens)" -gt "$(json image_tokens)"
full=$(json 'tokens.#')
check why it stopped -- same "$(json stop_reason)" "$([ "$full" -lt 12 ] && echo end || echo length)"

works ask -n 2 --json "$tmp/a.ppm" "$tmp/b.ppm" "$question"
check two pictures -- same "$(json 'image.#') $(json image.1.width) $(json image.1.height)" '2 20 30'
works ask -n 2 --json hello
check no picture -- same "$(json image) $(json image_tokens)" 'null 0'
works ask --json --raw -n 1 hello
check one token -- same "$(json 'tokens.#')" 1
if [ "$full" -gt 1 ]; then
    works ask --json -n 1 "$tmp/a.ppm" "$question"
    check stopped by its length -- same "$(json stop_reason) $(json 'tokens.#')" 'length 1'
fi

for i in 1 2; do
    works ask --temp 2 --top-k 0 --top-p 1 --min-p 0 --seed 7 -n 12 --raw "Once upon a time"
    cp "$tmp/out" "$tmp/seven$i"
done
check the same seed, the same answer -- cmp -s "$tmp/seven1" "$tmp/seven2"
works ask --temp 2 --top-k 0 --top-p 1 --min-p 0 --seed 8 -n 12 --raw "Once upon a time"
check another seed, another answer -- test "$(cmp -s "$tmp/out" "$tmp/seven1"; echo $?)" -ne 0

long=$(printf 'word %.0s' {1..200})
fails 2 '[0-9]+.*[^0-9][0-9]+' ask -c 32 "$long"
check both numbers -- grep -qw 32 "$tmp/err"
fails 2 '[0-9]+.*[^0-9][0-9]+' ask -c 32 --json "$tmp/a.ppm" "$long"
fails 2 '[0-9]' ask -c 9999999 hello
# ---- habits of other programs, and answers that were cut

picture=tests/families/picturebook/picture.png
works ask $picture "What is this?"
cp "$tmp/out" "$tmp/plain"
check nothing is said -- test ! -s "$tmp/err"
for option in '-n -1' '-c 0' '-ngl 99' '--n-gpu-layers=99' '-t 4' '-fa' '-fa on' '--jinja' '--seed -1'; do
    # shellcheck disable=SC2086
    works ask $option $picture "What is this?"
    check "$option: the same answer" -- cmp "$tmp/out" "$tmp/plain"
done
works ask -ngl 99 $picture "What is this?"
check its words -- same "$(cat "$tmp/err")" 'vidi: -ngl: all layers run on the device; --device chooses it'
works ask -vv $picture "What is this?"
check as -v twice -- grep -q '^vidi: answering' "$tmp/err"
echo 'What is this?' >"$tmp/question.txt"
works ask $picture -f "$tmp/question.txt"
check a question from a file -- cmp "$tmp/out" "$tmp/plain"
works ask --image $picture,$picture -p "What is this?" --json
check two pictures -- test "$(json image.1.width)" = "$(json image.0.width)"
check one at a time -- grep -q 'trained on one picture' "$tmp/err"
works ask -n 2 $picture "Describe the picture."
check told -- same "$(cat "$tmp/err")" 'vidi: the answer was cut at 2 tokens, as -n says'
works ask --raw -c 48 --temp 5 --top-k 0 --top-p 1 --min-p 0 --seed 1 'Once upon a time there was'
check told -- grep -q 'the answer was cut: the context of 48 tokens is full' "$tmp/err"
finish
