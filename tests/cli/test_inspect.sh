#!/usr/bin/env bash
# show, tokenize, kernels, dump, compare, bench.
. "${BASH_SOURCE%/*}/cli.sh"
mllama=$PWD/tests/families/folders/mllama
cd "$tmp" || exit 1

works kernels --json
check kernels -- test "$(json 'kernels.#')" -ge 10
name=$(json kernels.0.name)
works kernels
check in the table -- grep -Eq "^$name +" out
works kernels --why "$name"
check its variants -- grep -Eq '^  variants +' out
fails 2 "no kernel ${name}x; did you mean" kernels --why "${name}x"
works kernels --why gemm
check a row that wins here -- grep -Eq '^ *[0-9]+ +[a-z_]+ +wins: a prompt' out
check and the kernel asked about -- grep -Eq '^ *[0-9]+ +gemm +(wins|row [0-9]+ comes before it)' out
works kernels --why gemm --json
check of that kernel alone -- same "$(json kernel.name) $(json tuning.0.op)" 'gemm linear'
for op in linear_simple attend_simple; do
    works kernels --why $op --json
    for shape in 'a token' 'a prompt' 'a token of odd width' 'a prompt of odd width'; do
        check one row wins -- same "$(grep -o '"wins": \[[^]]*\]' out | grep -c "\"$shape\"")" 1
    done
done
fails 2 "no kernel ${name}x; did you mean" kernels --why "${name}x" --json

mkdir a b empty
fails 2 'nowhere: ' compare nowhere b
fails 2 'empty' compare empty a

# Two layers keep K and V of 4 tiles of 17 rows, 2 heads of 16, in halves.
works show --json "$mllama"
check what a picture keeps -- same "$(json kv_bytes_per_picture)" $((2 * 2 * 4 * 17 * 2 * 16 * 2))
works show "$mllama"
check its pictures -- grep -q '^pictures .* 68 rows that layers ask$' out
check its words -- grep -q '^memory .*, 17.0 KiB a picture$' out
hash=$("$VIDI" show --json "$mllama" | python3 -c 'import hashlib, json, sys
print(hashlib.sha256(json.load(sys.stdin)["template"].encode()).hexdigest())')
check its template -- grep -q "^template  *llama3; sha256 $hash; " out
# A folder's vision part is told of as one beside a GGUF file is.
for model in "${mllama%/mllama}/llava" "${mllama%/folders/*}/mmproj/llava/tiny.gguf"; do
    works show "$model"
    check the projector -- grep -q '^projector  *mlp$' out
    check the pictures -- grep -q '^pictures  *56 x 56, 16 tokens$' out
    check the metadata -- grep -q '^  clip.vision.image_size  *56$' out
    check the tensors -- grep -q '^57 tensors of the vision part$' out
    works show --json "$model"
    check each -- same "$(json picture.tokens)" 16
done
works show "${mllama%/mllama}/smolvlm"
check tiles -- grep -q '^pictures  *tiles of 64 x 64, 4 tokens each$' out
works show "${mllama%/mllama}/qwen2vl"
check any size -- grep -q '^pictures  *any size up to 602112 pixels, a token for 784 pixels$' out
base=${mllama%/folders/*}/decoders/llama3/tiny.gguf # has none: its text is completed as it is
works show "$base"
check no template -- grep -q '^template  *none: ' out
raw=$("$VIDI" ask -m "$base" --raw --json -n 4 'a b c')
guessed=$("$VIDI" ask -m "$base" --json -n 4 'a b c' 2>"$tmp/told")
ids() { python3 -c 'import json, sys; print(json.load(sys.stdin)["tokens"])'; }
check as raw text -- same "$(ids <<<"$guessed")" "$(ids <<<"$raw")"
check it is said -- grep -q 'no chat template, so the text is completed as it is' "$tmp/told"

# What steers a terminal or the direction of text, in a file's name and in its metadata, is shown.
evil=$(printf 'a\342\200\256b\302\205c\033d\233e\330\234f\342\201\246g')
seen='a\\u202eb\\x85c\\x1bd\\x9be\\u061cf\\u2066g'
fails 3 "^vidi: $seen.gguf: " show "$evil.gguf"
python3 - "$base" named.gguf <<'END'
import struct, sys
model = open(sys.argv[1], "rb").read()
key = struct.pack("<Q", 12) + b"general.name"
at = model.index(key) + len(key) + 4
old = struct.unpack_from("<Q", model, at)[0]
name = "\u200fa\u202eb\x85c\x1bd".encode()
name += b"z" * (-(len(name) - old) % 32)  # what follows stays aligned
open(sys.argv[2], "wb").write(model[:at] + struct.pack("<Q", len(name)) + name + model[at + 8 + old:])
END
works show named.gguf
check the name of a model -- grep -Eq '^name +\\u200fa\\u202eb\\x85c\\x1bdz*$' out
works show named.gguf --json
check nothing in JSON that a terminal obeys -- same "$(grep -Pc '[\x{7f}-\x{9f}\x{061c}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}]' out)" 0
check it means the same -- grep -q '\\u200fa\\u202eb\\u0085c\\u001[Bb]d' out

need_model
works show --json
n=$(json 'tensors.#')
check tensors -- test "$n" -ge 1
works show
for row in family licence parameters context memory; do check "a row $row" -- grep -q "^$row  " out; done
check the number of tensors -- grep -q "^$n tensors" out
grouped=$(wc -l <out)
works show --all
check one line each -- test "$(wc -l <out)" -ge "$n" -a "$(wc -l <out)" -ge "$grouped"

works tokenize --json 'Hello world'
count=$(json count)
check as many ids and pieces -- same "$(json 'ids.#') $(json 'pieces.#')" "$count $count"
works tokenize 'Hello world'
check a line a token -- same "$(wc -l <out)" $((count + 1))
works tokenize ''

picture p.ppm 64 48
works dump --image p.ppm --prompt 'What is it?' --tensors '*' --to one
files=$(find one -name '*.npy' | wc -l)
check files -- test "$files" -ge 1
check as many as it says -- grep -q "^$files tensors in one" out
works dump --image p.ppm --prompt 'What is it?' --to two
works compare one two
check all alike -- grep -q 'all alike' out
works compare one two --json
check no difference -- same "$(json first_difference)" null
fails 2 '^vidi: nowhere: cannot be read' compare one nowhere
run compare one empty
check nothing is alike -- same "$code $(grep -c 'all alike' out)" '1 0'
check what is missing -- grep -q "^0 tensors compared, in one folder only: $files$" out
cp -r one fewer
rm "$(find fewer -name '*.npy' | head -n 1)"
run compare one fewer
check one is missing -- same "$code $(head -n 1 out)" \
    "1 $((files - 1)) tensors compared, in one folder only: 1"
picture q.ppm 10 90
works dump --image q.ppm --prompt 'Who is it?' --to three
run compare one three
check they differ -- test "$code" -eq 1
check and says where -- grep -q 'the first that differs is' out
fails 2 'nosuchtensor' dump --prompt hi --tensors 'nosuchtensor*' --to four

works bench --json -n 4 -p 8 -r 1
for field in copy_gb_s gflop_s load_ms image_ms prompt_tokens_s answer_tokens_s device_bytes ops; do
    check "the field $field" -- test -n "$(json $field)"
done
check the first phase -- same "$(json ops.0.phase)" resize
for field in ms bytes flops gb_s percent_copy gflop_s percent_flops percent_roof; do
    check "the field $field of an op" -- test -n "$(json ops.0.$field)"
done
for phase in resize picture prompt head step; do
    check "ops of $phase" -- grep -q "\"phase\": \"$phase\"" out
done
works bench -n 4 -p 8 -r 1
check the table of kernels -- grep -Eq '^phase +kernel' out
finish
