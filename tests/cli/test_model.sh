#!/usr/bin/env bash
# Model files that are missing or damaged: exit code 3 and a sentence that names the file.
. "${BASH_SOURCE%/*}/cli.sh"

header() { printf GGUF && le 4 "$1" && le 8 "$2" && le 8 "$3"; } # VERSION TENSORS VALUES
text() { le 8 ${#1} && printf %s "$1"; }

cd "$tmp" || exit 1
mkdir folder.gguf
: >empty.gguf
printf GG >short.gguf
printf 'GGUF\003' >cut.gguf
(printf 'JUNK' && le 4 3 && le 8 0 && le 8 0) >magic.gguf
header 1 0 0 >version1.gguf
header 99 0 0 >version99.gguf
header 3 0 0 >nothing.gguf
header 3 18446744073709551615 0 >tensors.gguf
header 3 0 4611686018427387904 >values.gguf
(header 3 0 1 && le 8 1099511627776 && printf key) >longkey.gguf
(header 3 0 1 && text general.architecture && le 4 8 && text unheardof) >family.gguf
(header 3 0 1 && text general.architecture && le 4 77) >kind.gguf
(header 3 0 1 && text general.architecture && le 4 8 && le 8 5 && printf ll) >cutvalue.gguf
# One f32 tensor of 2^40 elements in a file of a few bytes.
(header 3 1 1 && text general.architecture && le 4 8 && text llama && text token_embd.weight && le 4 1 &&
    le 8 1099511627776 && le 4 0 && le 8 0) >tensor.gguf
picture picture.gguf 4 4

for model in missing folder empty short cut magic version1 version99 tensors values longkey kind \
    cutvalue tensor picture; do
    fails 3 "^vidi: $model.gguf: .+" show $model.gguf
    fails 3 "^vidi: $model.gguf: .+" ask -m $model.gguf hello
    fails 3 "^vidi: $model.gguf: .+" tokenize $model.gguf hello
done
for model in nothing family; do
    fails 3 "^vidi: $model.gguf: .+" ask -m $model.gguf hello
done
fails 3 'unheardof' ask -m family.gguf hello
fails 3 'version.*99|99.*version' show version99.gguf
for command in 'chat -m' bench; do fails 3 '^vidi: magic.gguf: ' $command magic.gguf; done
fails 3 '^vidi: magic.gguf: ' dump magic.gguf --prompt hi --to "$tmp/dumped"
check nothing half-written -- test ! -e "$tmp/dumped"
finish
