#!/usr/bin/env bash
# peer.sh VIDI FOLDER - vidi's logits against those that make_peer.py left in FOLDER: NMSE of each.
set -euo pipefail
export LC_ALL=C
vidi=$1 folder=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

nmse() { # GOLDEN DUMP
    [ -d "$1" ] || return 0
    "$vidi" compare --json --limit 1 "$1" "$2" | sed -n 's/.*"nmse": *\([0-9.e+-]*\).*/\1/p' | head -n 1
}

printf '%-9s %-5s %-7s %-10s %-10s %s\n' family type mmproj cpu vulkan 'cpu to vulkan'
for model in "$folder"/*/Q*.gguf; do
    at=${model%.gguf}
    for eyes in F16 Q8_0; do
        rm -rf "$scratch"/*
        "$vidi" dump -m "$model" --mmproj "${at%/*}/mmproj-$eyes.gguf" --cache-type f32 -n 1 \
            --tensors logits --to "$scratch" --image "${at%/*}/own.png" -p 'What?' >/dev/null
        name=${at%/*}
        printf '%-9s %-5s %-7s %-10s %-10s %s\n' "${name##*/}" "${at##*/}" "$eyes" \
            "$(nmse "$at-$eyes-cpu.d" "$scratch")" "$(nmse "$at-$eyes-vulkan.d" "$scratch")" \
            "$(nmse "$at-$eyes-cpu.d" "$at-$eyes-vulkan.d")"
    done
done
