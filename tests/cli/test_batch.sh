#!/usr/bin/env bash
# --batch: one line of JSON a question, also where a question fails.
. "${BASH_SOURCE%/*}/cli.sh"
need_model

root=$PWD
cd "$tmp" || exit 1
picture a.ppm 64 48
picture b.ppm 20 30
question='What colour is it?'
batch() { # FILE OPTIONS...
    local file=$1
    shift
    run ask -n 8 --batch "$file" "$@"
}
line() { sed -n "$1p" out >line.json && "$JSON_GET" "$2" <line.json; }

cat >good.jsonl <<END
{"image": "a.ppm", "prompt": "$question"}
{"image": null, "prompt": "hello"}

{"prompt": "$question", "image": ["b.ppm", "a.ppm"]}
{"image": "a.ppm", "prompt": "$question"}
END
batch good.jsonl
check it works -- test "$code" -eq 0
check nothing else on stderr -- same "$(grep -c 'trained on one picture' err) $(wc -l <err)" '1 1'
check four lines -- same "$(wc -l <out)" 4
check the first picture -- same "$(line 1 image.0.width)" 64
check no picture -- same "$(line 2 image)" null
check two pictures -- same "$(line 3 'image.#') $(line 3 image.0.height)" '2 30'
check a question again has the same answer -- same "$(line 4 text)" "$(line 1 text)"
first=$(line 1 text)
works ask -n 8 --json a.ppm "$question"
check as alone -- same "$(json text)" "$first"

# Pictures where the question says so: the words of tests/families/folders/smolvlm/mixed.
shots=$root/tests/families/mmproj/smolvlm
few='<__media__>The dog and the fox. <__media__>What?'
works ask -n 4 --json -m "$root/tests/families/folders/smolvlm" "$shots/wide.png" "$shots/high.png" "$few"
check pictures between words -- same "$(for i in 0 1 2 3; do json tokens.$i; done | xargs)" '35 35 35 157'
echo "{\"image\": [\"$shots/wide.png\", \"$shots/high.png\"], \"prompt\": \"$few\"}" >few.jsonl
works ask -n 4 -m "$root/tests/families/folders/smolvlm" --batch few.jsonl
check the same of a line -- same "$(for i in 0 1 2 3; do line 1 tokens.$i; done | xargs)" '35 35 35 157'
fails 2 'holds <__media__> 2 times, but there is 1 picture' ask a.ppm "$few"
echo "{\"image\": null, \"prompt\": \"$few\"}" >few.jsonl
batch few.jsonl
check a line with too many marks -- same "$(line 1 exit)" 2

timeout 240 "$VIDI" ask -n 8 --batch - <good.jsonl >out 2>err
check from stdin -- same "$? $(wc -l <out)" '0 4'

cat >bad.jsonl <<END
{"image": "a.ppm", "prompt": "$question"}
{"image": "missing.png", "prompt": "$question"}
this is no JSON
[1, 2]
{"image": 5, "prompt": "x"}
{"image": null}
{"image": "a.ppm", "prompt": "$question"}
END
batch bad.jsonl
check the exit code of the first that failed -- test "$code" -eq 8
check one line on stderr -- same "$(wc -l <err)" 1
check that counts -- grep -q 'bad.jsonl: 5 of 7 lines failed, the first is line 2' err
check a line for each -- same "$(wc -l <out)" 7
check the error names the file -- grep -q 'missing.png' <<<"$(line 2 error)"
check the codes -- same "$(for i in 2 3 4 5 6; do line $i exit; done | xargs)" '8 2 2 2 2'
check it goes on -- same "$(line 7 text)" "$first"

fails 2 'missing.jsonl: No such file' ask --batch missing.jsonl
: >empty.jsonl
works ask --batch empty.jsonl
check nothing for nothing -- test ! -s out
finish
