#!/usr/bin/env bash
# A language model and its vision part in two files: found in a folder, named, or missing; prompt
# forms by name and none; adapters.
. "${BASH_SOURCE%/*}/cli.sh"
families=$PWD/tests/families
pair=$families/mmproj/qwen2vl
picture=$pair/wide.png

# numbers FILE N: the first N of a .npy of 32-bit integers
numbers() { od -An -v -td4 -j128 -N $((4 * $2)) "$1" | xargs; }
tokens() {
    local i all=()
    for ((i = 0; i < $(json 'tokens.#'); i++)); do all+=("$(json tokens.$i)"); done
    echo "${all[*]}"
}

# ---- two files

golden=$(numbers $pair/one/answer.npy 8)
works ask -m $pair --json -n 8 "$picture" 'What?'
check the folder is enough -- same "$(tokens)" "$golden"
form=$(json prompt_tokens)
works ask -m $pair/tiny.gguf --mmproj $pair/mmproj-tiny.gguf --json -n 8 "$picture" 'What?'
check both named -- same "$(tokens)" "$golden"
works ask -m $pair/tiny.gguf --json -n 8 "$picture" 'What?'
check the one that lies beside it -- same "$(tokens)" "$golden"
fails 3 "^vidi: $pair/tiny.gguf: .*mmproj-tiny.gguf, is given, too; beside it lies none" \
    ask -m $pair/tiny.gguf --mmproj '' "$picture" 'What?'
cp $pair/tiny.gguf "$tmp/alone.gguf"
fails 3 "alone.gguf: .*mmproj-alone.gguf" ask -m "$tmp/alone.gguf" "$picture" 'What?'
fails 3 'mmproj-tiny.gguf: is the vision part of a model' ask -m $pair/mmproj-tiny.gguf 'What?'
fails 3 'folders/qwen2: this model reads text only, not pictures$' ask -m $families/folders/qwen2 "$picture" 'What?'
fails 3 'none.gguf: ' ask -m $pair/tiny.gguf --mmproj none.gguf "$picture" 'What?'
fails 3 'do not belong together' ask -m $pair/tiny.gguf --mmproj $families/mmproj/minicpmv/mmproj-tiny.gguf \
    "$picture" 'What?'
foreign=$families/mmproj/qwen2vl/mmproj-tiny.gguf # as wide, of another family
fails 3 "mmproj-tiny.gguf .*'qwen2vl_merger'.* is not the vision part of .*smolvlm/tiny.gguf .*'llama'" \
    ask -m $families/mmproj/smolvlm/tiny.gguf --mmproj $foreign "$picture" 'What?'
works ask -m $families/mmproj/smolvlm/tiny.gguf --mmproj $foreign --mmproj-any -n 1 "$picture" 'What?'
mkdir "$tmp/foreign"
cp $families/mmproj/smolvlm/tiny.gguf $foreign "$tmp/foreign"
fails 3 'foreign/tiny.gguf: .* beside it lies none that fits' \
    ask -m "$tmp/foreign/tiny.gguf" "$picture" 'What?'
works ask -m $families/mmproj/smolvlm --json -n 1 --image $families/mmproj/smolvlm/wide.png \
    --image $families/mmproj/smolvlm/high.png 'What?'
check each picture its tiles -- same "$(json image.0.tiles) $(json image.1.tiles)" '5 3'
works show $pair --json
check show takes the folder -- same "$(json architecture) $(json vision.projector)" 'qwen2vl qwen2vl_merger'
check the eyes have tensors of their own -- test "$(json 'vision.tensors.#')" -gt 10
works show $pair
check and says which file -- grep -Eq '^vision .*in mmproj-tiny.gguf$' "$tmp/out"
works tokenize $pair 'What?' --json
check tokenize takes the folder -- same "$(json count)" 5

# ---- prompt forms

works ask -m $pair --chat-template qwen2 --json -n 8 "$picture" 'What?'
check the form it has, by its name -- same "$(tokens) $(json prompt_tokens)" "$golden $form"
works ask -m $pair --chat-template chatml --json -n 1 "$picture" 'What?'
# "<|im_start|>system\n" + words + "<|im_end|>\n" are what chatml does not say of itself
check another has no system words -- same "$(json prompt_tokens)" $((form - 1 - 7 - 28 - 2))
works ask -m $pair --chat-template plain --json -n 1 'What?'
check plain adds the end of a line -- same "$(json prompt_tokens)" 6
works ask -m $pair --chat-template llama3.1 --json -n 1 'What?'
dated=$(json prompt_tokens)
works ask -m $pair --chat-template llama3.1 --date '1 May' --json -n 1 'What?'
check the day is said in place of 26 Jul 2024 -- same "$(json prompt_tokens)" $((dated - 11 + 5))
# TZ is ahead by 14 hours, or behind by 12: one of both is another day than that of UTC
for zone in UTC-14 UTC+12; do
    for form in llama3.2 llama3.2-vision llama3.1; do
        says="26 Jul 2024"
        for try in 1 2; do # midnight may pass between
            [ $form = llama3.1 ] || says=$(TZ=$zone date '+%d %b %Y')
            TZ=$zone works ask -m $pair --chat-template $form --json -n 8 'What?'
            undated=$(tokens)
            works ask -m $pair --chat-template $form --date "$says" --json -n 8 'What?'
            [ "$undated" != "$(tokens)" ] || break
        done
        check "$form in $zone says $says" -- same "$undated" "$(tokens)"
    done
done
works ask -m $pair --chat-template llama3.2-vision --json -n 1 'What?'
check so does this form -- same "$(json prompt_tokens)" "$dated"
works ask -m $pair --chat-template llama3.2-vision --date '1 May' --json -n 1 "$picture" 'What?'
seen=$(json prompt_tokens)
works ask -m $pair --chat-template llama3 --json -n 1 "$picture" 'What?'
check but not before a picture -- same "$(json prompt_tokens)" "$seen"
works ask -m $pair --raw --json -n 1 'What?'
check raw adds nothing -- same "$(json prompt_tokens)" 5
fails 3 "there is no chat form 'qwen9' \(known: .*chatml.*\)" ask -m $pair --chat-template qwen9 'What?'

# ---- adapters

decoder=$families/decoders/qwen2 lora=$families/lora/qwen2
text='The quick brown fox'
works ask -m $decoder/tiny.gguf --raw --json -n 8 "$text"
check without one -- same "$(tokens)" "$(numbers $decoder/answer.npy 8)"
works ask -m $decoder/tiny.gguf --lora $lora/all.gguf:0.5 --lora $lora/some.gguf:-1.25 --raw --json -n 8 "$text"
check two at once -- same "$(tokens)" "$(numbers $lora/answer.npy 8)"
works ask -m $decoder/tiny.gguf --lora $lora/all.gguf:0 --raw --json -n 8 "$text"
check by nothing -- same "$(tokens)" "$(numbers $decoder/answer.npy 8)"
fails 3 'belongs to another model' ask -m $decoder/tiny.gguf --lora $families/lora/mistral/all.gguf --raw "$text"
finish
