#!/usr/bin/env bash
# Conversations, through a pipe and on a pseudo terminal.
. "${BASH_SOURCE%/*}/cli.sh"
need_model

cd "$tmp" || exit 1
picture a.ppm 64 48
printf '%s\n' 'What colour is it?' >lines
timeout 240 "$VIDI" chat -n 8 a.ppm <lines >out 2>err
check a question, an answer -- same "$? $(wc -l <out)" '0 1'
check nothing else -- test ! -s err
works ask -n 8 a.ppm 'What colour is it?'
cp out asked
timeout 240 "$VIDI" chat -n 8 a.ppm <lines >out 2>err
check as ask answers -- cmp -s out asked

printf '%s\n' '' '/image a.ppm' 'What colour is it?' '/clear' '  /image a.ppm  ' 'What colour is it?' \
    '/quit' 'never asked' >lines
sed -i 's/  .image a.ppm  /  \/image a.ppm/' lines
timeout 240 "$VIDI" chat -n 8 <lines >out 2>err
check two answers -- same "$? $(wc -l <out)" '0 2'
check the same after /clear -- same "$(sed -n 1p out)" "$(sed -n 2p out)"
check nothing else -- test ! -s err

printf '%s' 'no newline at the end' | timeout 240 "$VIDI" chat -n 8 >out 2>err
check the last line counts -- same "$? $(wc -l <out)" '0 1'
printf '/image missing.png\nWhat is it?\n' | timeout 240 "$VIDI" chat -n 8 >out 2>err
check it ends there -- same "$? $(wc -l <err) $(wc -c <out)" '8 1 0'
printf 'hello\n%s\nhello\n' "$(printf 'word %.0s' {1..200})" | timeout 240 "$VIDI" chat -c 64 -n 4 >out 2>err
check a line that does not fit -- same "$? $(wc -l <err) $(wc -l <out)" '2 2 1'
check the answer before was cut -- grep -q 'cut at 4 tokens' err
printf '/dance\n' | timeout 240 "$VIDI" chat -n 8 >out 2>err
check an unknown command -- same "$? $(grep -c '/dance' err)" '2 1'

# Several lines of one question; a question that never ends.
works ask -n 8 a.ppm $'What colour\nis it?'
printf '"""\nWhat colour\nis it?\n"""\n' | timeout 240 "$VIDI" chat a.ppm -n 8 >out 2>err
check one question -- same "$? $(cmp out "$tmp/out") $(wc -c <err)" '0  0'
printf '  """What colour\nis it?"""\n' | timeout 240 "$VIDI" chat a.ppm -n 8 >out 2>err
check the same -- same "$? $(cmp out "$tmp/out") $(wc -c <err)" '0  0'
printf 'hello\n"""\nWhat\n' | timeout 240 "$VIDI" chat -n 8 >out 2>err
check its end is missing -- same "$? $(grep -c 'begins in line 2 never ends' err)" '2 1'

# Paths as file managers, shells and people write them.
cp a.ppm 'with blank.ppm'
printf 'What colour is it?\n' | timeout 240 "$VIDI" chat a.ppm -n 8 >plain 2>err
for line in "$PWD/with\\\\ blank.ppm What colour is it?" "'$PWD/with blank.ppm' What colour is it?" \
    "file://$PWD/with%%20blank.ppm   What colour is it?" "\"$PWD/with blank.ppm\"\nWhat colour is it?" \
    '/image with blank.ppm \nWhat colour is it?' "/image 'with blank.ppm'\nWhat colour is it?" \
    '~/with\\ blank.ppm What colour is it?' "/image file://localhost$PWD/with%%20blank.ppm\nWhat colour is it?"; do
    # shellcheck disable=SC2059
    printf "$line\n" | HOME=$PWD timeout 240 "$VIDI" chat -n 8 >out 2>err
    check "$line" -- same "$? $(cmp out plain) $(<err)" '0  '
done
works ask -n 8 "file://$PWD/with%20blank.ppm" 'What colour is it?'
check an address of a file -- cmp "$tmp/out" plain

# As other systems write lines; a byte order mark; what is no text.
printf 'What colour is it?\n' | timeout 240 "$VIDI" chat a.ppm -n 8 >plain 2>err
printf '\357\273\277What colour is it?\r\n/quit\r\n' | timeout 240 "$VIDI" chat a.ppm -n 8 >out 2>err
check the same question -- same "$? $(cmp out plain) $(wc -c <err)" '0  0'
printf 'What colour is it?\r/quit\rnever asked\r' | timeout 240 "$VIDI" chat a.ppm -n 8 >out 2>err
check lines that end in CR alone -- same "$? $(cmp out plain) $(wc -c <err)" '0  0'
printf 'hello\nGr\366\337e\n' | timeout 240 "$VIDI" chat -n 8 >out 2>err
check what is no text -- same "$? $(grep -c 'line 2 is no text: byte 3 (f6) is not UTF-8' err)" '2 1'

. "${BASH_SOURCE%/*}/terminal.sh"
terminal '-n 8 a.ppm'
wait_for_prompt
printf '/image missing.png\n' >&3
wait_for 'missing.png: ' 1
wait_for_prompt
printf '/help\n' >&3
wait_for 'stop the answer' 1
wait_for_prompt
printf 'What colour is it?\n' >&3
wait_for "$(head -c 12 asked | tr -d '\n')" 1
wait_for_prompt
printf 'thrown away' >&3
wait_for 'thrown away' 1
printf '\003' >&3
wait_for_prompt
printf '\020' >&3 # Ctrl-P: the question before
wait_for 'What colour is it?' 2
printf '\n' >&3
wait_for "$(head -c 12 asked | tr -d '\n')" 2
wait_for_prompt
printf '\004' >&3
leave
check Ctrl-D leaves -- test "$code" -eq 0
check the history is kept -- grep -q 'What.*colour' state/vidi/history
check for this user alone -- same "$(stat -c %a state/vidi/history)" 600

# Ctrl-C while it answers comes back to the prompt. A raw prompt at a high temperature goes on long,
# and each submission takes as long as it needs for Ctrl-C to come in time.
slow_down || echo 'without the layer that slows calls down, Ctrl-C may come too late'
terminal '-n 100 --raw --temp 5 --top-k 0 --top-p 1 --min-p 0 --seed 1 -v'
wait_for_prompt
printf 'one two three\n' >&3
wait_for 'answering' 1
printf '\003' >&3
wait_for 'stopped by cancelled' 1
wait_for_prompt
printf '/quit\n' >&3
leave
check it went on after Ctrl-C -- test "$code" -eq 0
# Letters beyond ASCII, without a locale and with one that is not there.
for locale in '' no_SUCH.ISO-8859-1; do
    export LC_ALL=$locale
    [ -n "$locale" ] || unset LC_ALL LANG LC_CTYPE
    terminal '-n 8'
    wait_for_prompt
    printf '/Größe日本🟥\n' >&3
    wait_for '/Größe日本🟥 is no command here' 1
    wait_for_prompt
    printf '/quit\n' >&3
    leave
done
export LC_ALL=C.UTF-8
finish
