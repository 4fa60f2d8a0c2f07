#!/usr/bin/env bash
# The example program of the API.
. "${BASH_SOURCE%/*}/cli.sh"
: "${EXAMPLE:?names the example program}"
need_model

cd "$tmp" || exit 1
picture a.ppm 64 48
works ask -n 64 a.ppm 'What colour is it?'
cp out asked
timeout 240 "$EXAMPLE" a.ppm 'What colour is it?' >out 2>err
code=$?
# vidi shows the rest of a character that -n cut in two; the example leaves it out.
whole() { sed 's/\xef\xbf\xbd*$//' "$1"; }
check it answers as vidi does -- same "$(whole out)" "$(whole asked)"
check without a word more -- same "$code $(wc -c <err)" '0 0'
"$EXAMPLE" missing.ppm 'What is it?' >out 2>err
check it fails by name -- same "$? $(grep -c missing.ppm err)" '1 1'
"$EXAMPLE" >out 2>err
check it explains itself -- same "$?" 2
finish
