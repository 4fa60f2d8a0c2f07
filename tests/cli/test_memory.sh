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
    ask --raw -m long.gguf -c 16777216 hello
fails 5 '^vidi: a context of 16777216 tokens ' chat --raw -m long.gguf -c 16777216
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
# Files of many small values cost many times their size; they are refused before that.
cheap() { # MOST ARGS...: refused, at no more than so many MiB
    local most=$1
    shift
    "${PEAK:-true}" peak "$VIDI" "$@" >out 2>err </dev/null
    code=$?
    [ -n "${PEAK:-}" ] || return 0
    check it is refused -- test "$code" -eq 3
    check in words -- grep -Eq "$words" err
    echo "peak: $(<peak) KiB, $(<err)"
    check its memory -- test "$(<peak)" -lt $((most * 1024))
}
many() { # MIB: an array of so many MiB
    printf '['
    yes '{},{},{},{},{},{},{},{},{},{},{},' | tr -d '\n' | head -c $((33 * ($1 * 1048576 / 33)))
    printf '0]'
}
for name in config.json tokenizer.json tokenizer_config.json model.safetensors.index.json; do
    mib=16
    words='values that they need [0-9]+ MiB of memory, and the limit is [0-9]+ MiB$'
    rm -rf folder
    cp -r "$root/tests/families/folders/mistral" folder
    case $name in
    config.json) mib=3 ;;
    *index.json) echo '{"weight_map":{"a":"model.safetensors"}}' >folder/$name ;;
    esac
    { printf '{"zz":' && many $mib && printf ',' && tail -c +2 folder/$name; } >large
    mv large folder/$name
    words="^vidi: [^ ]*folder/$name: holds so many $words" cheap $((64 + 2 * mib)) show folder
done
rm -rf folder
cp -r "$root/tests/families/folders/mistral" folder
truncate -s 5M folder/config.json
words='config.json: has 5242880 bytes, and the limit is 4194304$' cheap 64 show folder
finish
