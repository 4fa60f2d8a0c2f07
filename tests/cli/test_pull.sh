#!/usr/bin/env bash
# Fetching models from a hub that misbehaves, and what lies in the cache afterwards: hub_server.py
# beside this file plays the hub.
. "${BASH_SOURCE%/*}/cli.sh"
tiny=$PWD/tests/families/folders/smolvlm pair=$PWD/tests/families/mmproj/qwen2vl
server_script=$(realpath "${BASH_SOURCE%/*}/hub_server.py")
command -v python3 >/dev/null || { echo "skipped: no python3" && exit 77; }
cd "$tmp" || exit 1
commit=0123456789abcdef0123456789abcdef01234567

# ---- the hub's files

repo=hub/repos/acme/vision
mkdir -p $repo hub/repos/acme/plain hub/repos/acme/shards hub/repos/acme/other
# FILE BYTES SEED: bytes that do not repeat
file() { seq "$3"000000 1 9999999999 | head -c "$2" >"$1"; }
file $repo/vision-Q8_0.gguf 300000 1
file $repo/vision-Q4_K_M.gguf 200000 2
file $repo/vision-f16.gguf 400000 3
file $repo/mmproj-vision-Q8_0.gguf 50000 4
file $repo/mmproj-vision-f16.gguf 60000 5
echo '# vision' >$repo/README.md
for name in config.json preprocessor_config.json tokenizer.json model.safetensors.index.json \
    chat_template.jinja README.md training_args.bin; do echo "$name" >hub/repos/acme/plain/$name; done
for i in 1 2; do file hub/repos/acme/plain/model-0000$i-of-00002.safetensors 10000 1$i; done
mkdir hub/repos/acme/plain/onnx hub/repos/acme/plain/qformer_tokenizer
for name in tokenizer.json vocab.txt; do echo $name >hub/repos/acme/plain/qformer_tokenizer/$name; done
file hub/repos/acme/plain/onnx/model.safetensors 1000 20
mkdir hub/repos/acme/shards/Q4_K_M
for i in 1 2 3; do file hub/repos/acme/shards/Q4_K_M/big-Q4_K_M-0000$i-of-00003.gguf 30000 3$i; done
file hub/repos/acme/shards/mmproj-F16.gguf 1000 40
echo nothing >hub/repos/acme/other/README.md
mkdir hub/repos/acme/tiny
cp "$tiny"/*.json "$tiny"/*.safetensors hub/repos/acme/tiny
mkdir hub/repos/acme/pair
cp "$pair/tiny.gguf" hub/repos/acme/pair/pair-f16.gguf
cp "$pair/mmproj-tiny.gguf" hub/repos/acme/pair/mmproj-pair-f16.gguf
check test files -- test "$(stat -c %s $repo/vision-Q8_0.gguf)" -eq 300000

: >hub/mode
python3 "$server_script" hub &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$tmp"' EXIT
for ((i = 0; i < 200; i++)); do [ -f hub/port ] && break || sleep 0.05; done
export HF_ENDPOINT="http://127.0.0.1:$(cat hub/port)/" HF_HOME="$tmp/home"
unset HF_TOKEN HF_TOKEN_PATH HF_HUB_CACHE HF_HUB_OFFLINE http_proxy all_proxy ALL_PROXY
cache=$HF_HOME/hub
vision=$cache/models--acme--vision
fresh() { # WORDS: an empty cache and a hub that behaves like this
    rm -rf "$HF_HOME"
    : >hub/log
    echo "$*" >hub/mode
}
behave() { echo "$*" >hub/mode && : >hub/log; }
snapshot=$vision/snapshots/$commit
name_of() { sha256sum "$1" | cut -d' ' -f1; }
# nothing that could be taken for a model
check_none() {
    check "$1": no snapshot -- test -z "$(find "$cache" -path '*/snapshots/*' 2>/dev/null)"
    check "$1": no ref -- test -z "$(find "$cache" -path '*/refs/*' 2>/dev/null)"
    check "$1": no whole blob -- test -z "$(find "$cache" -path '*/blobs/*' ! -name '*.incomplete' 2>/dev/null)"
}
content_gets() { grep -c '^other GET' hub/log; }

run pull acme/vision
grep -q 'built without' "$tmp/err" && echo "skipped: built without libcurl" && exit 77

# ---- a hub in good health

fresh
works list
check none yet -- grep -q 'vidi pull OWNER/NAME' "$tmp/out"
works list --json
check no files -- test "$(cat "$tmp/out")" = '{"files": []}'
fails 3 'acme/vision is not in the cache, and no file either; `vidi pull acme/vision`' show acme/vision
works pull acme/vision
check what came -- grep -Eq 'vision-Q4_K_M.gguf +195 KiB +fetched' "$tmp/out"
check nothing on stderr -- test ! -s "$tmp/err"
check the model -- cmp $repo/vision-Q4_K_M.gguf "$snapshot/vision-Q4_K_M.gguf"
check the mmproj -- cmp $repo/mmproj-vision-f16.gguf "$snapshot/mmproj-vision-f16.gguf"
check no more than that -- test "$(find "$snapshot" -mindepth 1 | wc -l)" -eq 2
check a relative link -- same "$(readlink "$snapshot/vision-Q4_K_M.gguf")" \
    "../../blobs/$(name_of $repo/vision-Q4_K_M.gguf)"
check the ref -- same "$(cat "$vision/refs/main")" $commit
check nothing unfinished -- test -z "$(find "$cache" -name '*.incomplete' -o -name '*.link' -o -name '*.ref')"
behave
works pull acme/vision --json
check it was there -- same "$(json files.0.fetched)" false
check nothing fetched twice -- same "$(content_gets)" 0
works pull acme/vision:q8_0
check mmproj of the same kind -- cmp $repo/mmproj-vision-Q8_0.gguf "$snapshot/mmproj-vision-Q8_0.gguf"
works pull acme/vision --file vision-f16.gguf
check chosen by name -- cmp $repo/vision-f16.gguf "$snapshot/vision-f16.gguf"
fails 1 'acme/vision: no file is meant by "Q2_K"; there are .*Q8_0' pull acme/vision:Q2_K
fails 1 'acme/other: there are neither GGUF nor safetensors files' pull acme/other
fails 1 'acme/none: there is no such repository, revision or file \(HTTP 404\)' pull acme/none
fails 1 'HTTP 404' pull acme/vision@nightly
works pull acme/vision@refs/pr/1
check its own ref -- same "$(cat "$vision/refs/refs/pr/1")" $commit
works pull acme/vision@$commit
fails 2 'pull wants OWNER/NAME' pull vision
fails 2 'pull wants OWNER/NAME' pull ../etc/passwd
fails 2 'pull wants OWNER/NAME' pull acme/vision:../../x
fails 2 'pull takes :Q8_0 or --file' pull acme/vision:Q8_0 --file vision-f16.gguf
fails 2 '--file wants a file of the repository' pull acme/vision --file ../x.gguf
HF_HUB_OFFLINE=1 works pull acme/vision:Q8_0
HF_HUB_OFFLINE=1 fails 1 'HF_HUB_OFFLINE forbids fetching' pull acme/shards
HF_HUB_OFFLINE=1 fails 3 "$snapshot/vision-Q8_0.gguf" show acme/vision:Q8_0
HF_ENDPOINT=ftp://hub fails 1 'HF_ENDPOINT: ftp://hub is no http' pull acme/vision
fails 3 "$snapshot/vision-Q4_K_M.gguf" ask -m acme/vision --raw hello
fails 3 'no file is meant by "Q2_K".*`vidi pull acme/vision:Q2_K` would' show acme/vision:Q2_K
fails 3 'models/none.gguf' show models/none.gguf
check no hint for a file -- test -z "$(grep pull "$tmp/err")"

works pull acme/plain
plain=$cache/models--acme--plain/snapshots/$commit
check safetensors -- same "$(cd "$plain" && echo * */*)" "chat_template.jinja config.json model-00001-of-00002.safetensors \
model-00002-of-00002.safetensors model.safetensors.index.json preprocessor_config.json qformer_tokenizer tokenizer.json \
qformer_tokenizer/tokenizer.json"
check git hash -- test -f "$cache/models--acme--plain/blobs/$(printf 'blob 12\0config.json\n' | sha1sum | cut -d' ' -f1)"
works pull acme/tiny
works show -m acme/tiny --json
check a pulled folder is a model -- same "$(json architecture)" llama
works quantize acme/tiny -o pulled.gguf --type q4_0
works quantize "$tiny" -o folder.gguf --type q4_0
check its eyes were fetched, too -- cmp pulled.gguf folder.gguf
works pull acme/pair
works ask -m acme/pair --json -n 4 "$pair/wide.png" 'What?'
check a pulled pair answers -- same "$(json tokens.0) $(json tokens.1) $(json tokens.2) $(json tokens.3)" \
    "$(od -An -v -td4 -j128 -N16 "$pair/one/answer.npy" | xargs)"
works pull acme/shards
check all shards -- test "$(find "$cache/models--acme--shards/snapshots" -name 'big-*' | wc -l)" -eq 3
check a link from a folder -- cmp hub/repos/acme/shards/Q4_K_M/big-Q4_K_M-00002-of-00003.gguf \
    "$cache/models--acme--shards/snapshots/$commit/Q4_K_M/big-Q4_K_M-00002-of-00003.gguf"

HF_HUB_CACHE="$tmp/elsewhere" works pull acme/vision
check HF_HUB_CACHE -- test -e "$tmp/elsewhere/models--acme--vision/refs/main"
if command -v script >/dev/null; then
    rm -rf "$tmp/elsewhere"
    HF_HUB_CACHE="$tmp/elsewhere" script -qec "$VIDI pull acme/vision" typescript </dev/null >/dev/null
    check progress on a terminal -- grep -q 'fetching vision-Q4_K_M.gguf 100 %' typescript
fi

# ---- list, verify, rm

works list
check listed -- grep -Eq '^acme/vision +vision-Q8_0.gguf +293 KiB +Q8_0 +complete' "$tmp/out"
check no small files -- test -z "$(grep config.json "$tmp/out")"
works list --json
check small files too -- grep -q preprocessor_config.json "$tmp/out"
works verify
check good -- test -z "$(grep -v -e good -e repository "$tmp/out")"
blob=$vision/blobs/$(name_of $repo/vision-Q8_0.gguf)
cp "$blob" saved
printf X | dd of="$blob" bs=1 seek=777 conv=notrunc 2>/dev/null
run verify acme/vision
check damage is found -- test "$code" -eq 1
check which -- same "$(grep -c damaged "$tmp/out")" 1
check its name -- grep -Eq 'vision-Q8_0.gguf +damaged' "$tmp/out"
run verify acme/shards
check others are not -- test "$code" -eq 0
printf X | dd of="$cache/models--acme--plain/blobs/$(printf 'blob 12\0config.json\n' | sha1sum | cut -d' ' -f1)" \
    bs=1 conv=notrunc 2>/dev/null
run verify acme/plain --json
check git hashes too -- test "$code" -eq 1
rm "$cache/models--acme--shards/snapshots/$commit/Q4_K_M/big-Q4_K_M-00003-of-00003.gguf"
works list
check shards are missing -- grep -Eq 'big-Q4_K_M-00001-of-00003.gguf .*shards are missing' "$tmp/out"
fails 3 'shard .*00003-of-00003.gguf is missing' show acme/shards

works rm acme/vision:Q8_0
check the blob is gone -- test ! -e "$blob"
check the link is gone -- test ! -L "$snapshot/vision-Q8_0.gguf"
check the mmproj stays -- test -e "$snapshot/mmproj-vision-Q8_0.gguf"
mkdir "$vision/snapshots/ffff"
cp -P "$snapshot/mmproj-vision-Q8_0.gguf" "$vision/snapshots/ffff/renamed.gguf"
works rm acme/vision:mmproj-vision-Q8_0.gguf
check used elsewhere -- cmp $repo/mmproj-vision-Q8_0.gguf "$vision/snapshots/ffff/renamed.gguf"
fails 3 'acme/vision has no file "Q8_0" here' rm acme/vision:Q8_0
fails 2 'rm wants OWNER/NAME' rm /
mkdir outside && touch outside/precious && ln -s "$tmp/outside" "$vision/blobs/link"
works rm acme/vision
check all gone -- test ! -e "$vision"
check links are not followed -- test -e outside/precious
check the others stay -- test -e "$cache/models--acme--plain"
fails 3 'acme/vision is not in the cache' rm acme/vision
fails 3 'acme/vision is not in the cache' verify acme/vision

# ---- a connection that breaks

fresh cut-once=100000
works pull acme/vision
check resumed -- grep -q '^other GET .*Q4_K_M.gguf token=no range=bytes=100000- if-range="content-200000-0"' hub/log
check whole -- cmp $repo/vision-Q4_K_M.gguf "$snapshot/vision-Q4_K_M.gguf"
fresh cut=0
fails 1 'acme/vision, vision-Q4_K_M.gguf: ' pull acme/vision
check five attempts -- same "$(content_gets)" 5
check_none cut off
fresh cut=30000
run pull acme/vision
works list
check listed as unfinished -- grep -Eq 'vision-Q4_K_M.gguf +195 KiB +Q4_K_M +[0-9]+ % fetched' "$tmp/out"
fails 3 'not in the cache' show acme/vision
part=$vision/blobs/$(name_of $repo/vision-Q4_K_M.gguf).incomplete
behave
works pull acme/vision
check goes on in another run -- grep -Eq 'Q4_K_M.gguf .*range=bytes=[1-9][0-9]*- if-range="content' hub/log
check nothing left -- test ! -e "$part"

fresh stall-once=100000
start=$SECONDS
works pull acme/vision
check it did not wait for ever -- test $((SECONDS - start)) -lt 80
check resumed after the silence -- grep -q '^other GET .*Q4_K_M.gguf token=no range=bytes=100000- ' hub/log
check whole after the silence -- cmp $repo/vision-Q4_K_M.gguf "$snapshot/vision-Q4_K_M.gguf"
fresh cut-once=100000 no-range
works pull acme/vision
check started over -- cmp $repo/vision-Q4_K_M.gguf "$snapshot/vision-Q4_K_M.gguf"
fresh cut-once=100000 bad-range
works pull acme/vision
check a range it did not ask for -- cmp $repo/vision-Q4_K_M.gguf "$snapshot/vision-Q4_K_M.gguf"
check that range was not taken -- same "$(grep -c 'other GET.*Q4_K_M' hub/log)" 3
fresh cut-once=100000 changed
works pull acme/vision
check another tag -- cmp $repo/vision-Q4_K_M.gguf "$snapshot/vision-Q4_K_M.gguf"
fresh short-size
fails 1 'another number of bytes than it announced' pull acme/vision
check_none other size

# What an earlier fetch left is not trusted: other bytes, too many bytes, all bytes.
for size in 5000 200000 200001 0; do
    fresh
    mkdir -p "$vision/blobs"
    head -c $size /dev/zero >"$part"
    works pull acme/vision
    check "left $size" -- cmp $repo/vision-Q4_K_M.gguf "$snapshot/vision-Q4_K_M.gguf"
done
fresh
mkdir -p "$vision/blobs"
cp $repo/vision-Q4_K_M.gguf "$part"
works pull acme/vision
check all there -- same "$(grep -c 'other GET.*Q4_K_M' hub/log)" 0

# ---- bytes and words that are not what they should be

fresh wrong
fails 1 'vision-Q4_K_M.gguf: damaged on its way' pull acme/vision
check_none damaged
check no rest -- test ! -e "$part"
fresh huge
fails 1 'home/hub: 65536 TiB are still to be fetched, .* are free' pull acme/vision
check_none no space
check nothing asked for -- same "$(content_gets)" 0
fresh nohash
fails 1 'vision-Q4_K_M.gguf: the hub does not say what it should hash to' pull acme/vision
fresh evil
works pull acme/vision
check nothing outside -- test -z "$(find "$tmp" /tmp/evil.gguf -name '*evil*' 2>/dev/null)"
fresh evil
fails 1 'no file is meant by' pull acme/vision --file evil.gguf
fresh garbage
fails 1 "acme/vision: the hub's answer is no JSON" pull acme/vision
fresh endless
fails 1 'list of files is too long' pull acme/vision
fresh headers
fails 1 'beyond all measure' pull acme/vision
fresh loop
fails 1 'redirects in circles' pull acme/vision
fresh file
fails 1 'redirects to an address not to be followed' pull acme/vision
check_none file

# ---- refusals

fresh status=401
fails 1 'private, gated or does not exist; a token in HF_TOKEN' pull acme/vision
check asked once -- same "$(wc -l <hub/log)" 1
fresh status=403
HF_TOKEN=hf_secret fails 1 'the token in HF_TOKEN may not read it' pull acme/vision
check_none forbidden
fresh status-twice=429 after=1
start=$SECONDS
works pull acme/vision
check waited as told -- test $((SECONDS - start)) -ge 2
fresh status-twice=503
works pull acme/vision
fresh status=429 after=9999
fails 1 'too many requests \(HTTP 429\); it asks to come back in 9999 s' pull acme/vision
fresh status=500
fails 1 'the server failed \(HTTP 500\)' pull acme/vision
check five times -- same "$(wc -l <hub/log)" 5
HF_ENDPOINT=http://127.0.0.1:1 fails 1 'acme/vision: ' pull acme/vision

# ---- the token goes to the hub and to nobody else

fresh
HF_TOKEN=hf_secret works pull acme/vision
check the hub got it -- test -z "$(grep '^home' hub/log | grep token=no)"
check it was needed -- test -n "$(grep '^home.*token=yes' hub/log)"
check nobody else got it -- test -z "$(grep '^other' hub/log | grep -v token=no)"
fresh
mkdir -p "$HF_HOME"
echo hf_secret >"$HF_HOME/token"
works pull acme/vision
check from its file -- test -n "$(grep '^home.*token=yes' hub/log)"
check still nobody else -- test -z "$(grep '^other' hub/log | grep -v token=no)"
HF_TOKEN=$'a\nX-Evil: 1' fails 1 'the token \(HF_TOKEN\) has characters' pull acme/vision

# ---- a pipe that nobody reads, in the place of what is kept

fresh
mkdir -p "${part%/*}" && mkfifo "$part"
fails 1 'incomplete: is not a file' pull acme/vision

# ---- Ctrl-C, kill, and two at once

wait_for_bytes() {
    local i
    for ((i = 0; i < 200; i++)); do
        [ -s "$part" ] && return
        sleep 0.05
    done
    complain "no bytes came"
}
for signal in INT KILL; do
    fresh slow
    env --default-signal=INT "$VIDI" pull acme/vision >out 2>err &
    pid=$!
    wait_for_bytes
    kill -$signal $pid
    wait $pid 2>/dev/null
    code=$?
    [ $signal = KILL ] || check exit code 130 -- test "$code" -eq 130
    [ $signal = KILL ] || check no complaint -- test ! -s err
    check_none "$signal"
    check the rest is kept -- test -s "$part"
    behave
    works pull acme/vision
    check "after $signal it goes on" -- grep -q 'Q4_K_M.gguf .*range=bytes=[1-9]' hub/log
    check whole -- cmp $repo/vision-Q4_K_M.gguf "$snapshot/vision-Q4_K_M.gguf"
done
fresh slow
"$VIDI" pull acme/vision >out 2>err &
pid=$!
wait_for_bytes
fails 1 'acme/vision is being fetched right now' rm acme/vision
works pull acme/vision
wait $pid
check both worked -- test $? -eq 0
check fetched once -- same "$(grep -c 'other GET.*Q4_K_M' hub/log)" 1
finish
