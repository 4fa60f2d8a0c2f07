#!/usr/bin/env bash
# Readers that go away, full disks, closed streams; the progress line and colours only on terminals.
. "${BASH_SOURCE%/*}/cli.sh"

cd "$tmp" || exit 1
"$VIDI" help 2>err | head -c 1 >/dev/null
check help into head -- same "${PIPESTATUS[0]} $(wc -c <err)" '0 0'
"$VIDI" help >/dev/full 2>err
check a full disk -- same "$? $(wc -l <err)" '1 1'
check says why -- grep -q 'standard output cannot be written: No space left' err
"$VIDI" help >&- 2>err
check a closed stdout -- same "$? $(wc -l <err)" '1 1'
"$VIDI" help 2>&- >out
check a closed stderr -- same "$?" 0
"$VIDI" sho >out 2>&-
check a closed stderr and a failure -- same "$? $(wc -c <out)" '2 0'

need_model
picture a.ppm 64 48
question='What colour is it?'
set -o pipefail
"$VIDI" ask -n 8 a.ppm "$question" 2>err | head -c 1 >one
check an answer into head -- same "$? $(wc -c <one) $(wc -c <err)" '0 1 0'
set +o pipefail
"$VIDI" ask -n 8 a.ppm "$question" >/dev/full 2>err
check a full disk -- same "$? $(wc -l <err)" '1 1'
"$VIDI" ask -n 8 a.ppm "$question" >&- 2>err
check a closed stdout -- same "$? $(wc -l <err)" '1 1'
check which wrote into no other file -- same "$(wc -c <a.ppm)" $((64 * 48 * 3 + 13))
works ask -n 8 a.ppm "$question"
check no progress in a file -- test ! -s err
cp out answer

command -v script >/dev/null || { echo 'skipped: no script(1) for a pseudo terminal' && finish; }
on_terminal() { script -qec "$*" /dev/null </dev/null | tr -d '\r'; }
on_terminal "$VIDI ask -n 8 a.ppm '$question' 2>err" >screen
check no progress where stderr is a file -- test ! -s err
check the bare answer on the terminal -- cmp -s screen answer
on_terminal "$VIDI ask -n 8 a.ppm '$question' >out" >screen
check progress on the terminal -- grep -q $'\033\\[K' screen
check in words -- grep -Eq '[a-z]+ [a-z]+' screen
check erased at the end -- same "$(tail -c 3 screen | od -An -tx1 | tr -d ' ')" 1b5b4b
check the answer in the file -- cmp -s out answer
on_terminal "TERM=dumb $VIDI ask -n 8 a.ppm '$question' >out" >screen
check none on a dumb terminal -- test ! -s screen
on_terminal "$VIDI help" >screen
check bold on a terminal -- grep -q $'\033\\[1m' screen
on_terminal "NO_COLOR=1 $VIDI help" >screen
check none with NO_COLOR -- test -z "$(tr -dc '\033' <screen)"
finish
