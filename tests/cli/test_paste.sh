#!/usr/bin/env bash
# What is pasted on a terminal: lines of one question; and the terminal is left as it was.
. "${BASH_SOURCE%/*}/cli.sh"
. "${BASH_SOURCE%/*}/terminal.sh"
need_model

cd "$tmp" || exit 1
picture a.ppm 64 48
on=$'\033[?2004h' off=$'\033[?2004l'

# pasted TEXT: as a terminal sends it
pasted() { printf '\033[200~%s\033[201~' "$1" >&3; }
# last_word: which of the two the terminal was told last
last_word() { grep -aoF -e "$on" -e "$off" screen | tail -1; }

# asks QUESTION...: what is pasted is answered as these questions are, one after the other
asks() {
    local want=asked n=$#
    printf '"""%s"""\n' "$@" | timeout 240 "$VIDI" chat -n 8 a.ppm >$want 2>err
    check the questions are answered -- same "$?" 0
    printf '\r' >&3
    wait_for 'stopped by' "$n"
    wait_for_prompt
    printf '\004' >&3
    leave
    check the same answers -- cmp answers $want
    check no more of them -- same "$code $(grep -aoF answering screen | wc -l)" "0 $n"
    check pastes are off at the end -- same "$(last_word)" "$off"
}

terminal '-n 8 -v a.ppm >answers'
wait_for_prompt
check pastes are asked for -- same "$(last_word)" "$on"
pasted $'What colour\ris it?'
asks $'What colour\nis it?'

terminal '-n 8 -v a.ppm >answers'
wait_for_prompt
pasted $'What colour\r\n\r\nis Größe 日本?\r\n'
asks $'What colour\n\nis Größe 日本?'

# In the middle of a line; one line alone; a paste of nothing.
terminal '-n 8 -v a.ppm >answers'
wait_for_prompt
printf 'Say: ' >&3
pasted ''
pasted 'What colour'
printf ' is' >&3
pasted $'it\nnow?'
asks $'Say: What colour isit\nnow?'

# Commands in front are commands, what only looks like one is text.
terminal '-n 8 -v >answers'
wait_for_prompt
pasted $'/image a.ppm\nWhat colour\nis it?'
asks $'What colour\nis it?'
terminal '-n 8 -v a.ppm >answers'
wait_for_prompt
pasted $'/* What is it */\nint a;'
asks $'/* What is it */\nint a;'
terminal '-n 8 -v >answers'
wait_for_prompt
pasted "'$PWD/a.ppm'"$'\nWhat colour\nis it?'
asks $'What colour\nis it?'
terminal '-n 8 -v a.ppm >answers'
wait_for_prompt
pasted $'"""\nWhat colour\n"""\nAnd what\nelse?'
asks $'What colour\n' $'And what\nelse?'

# Every way out: also a signal while it waits.
for signal in TERM HUP QUIT; do
    terminal '' "stty -g >before; sh -c 'echo \$\$ >pid; exec $VIDI chat'; stty -g >after"
    wait_for_prompt
    check in raw mode pastes are on -- same "$(last_word)" "$on"
    kill -$signal "$(<pid)"
    leave
    check $signal switches them off -- same "$(last_word)" "$off"
    check $signal gives back the mode -- cmp before after
done
export TERM=dumb
terminal ''
wait_for_prompt
printf '/quit\n' >&3
leave
check a dumb terminal is not asked -- same "$(last_word)" ''
finish
