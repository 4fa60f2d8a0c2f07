#!/bin/bash
# What was chosen is there the next time, on a machine that has no folder for it yet; what the command
# line said is not.
# usage: test_window_keeps.sh VIDI_VIEW X_DROP
# shellcheck source=tests/viewer/window.sh
. "${0%/*}/window.sh"
screen 1280x800
keeps=yes
file=$XDG_CONFIG_HOME/vidi/viewer.json
[[ ! -e $XDG_CONFIG_HOME ]] || fail "the folder is there already"

kept() { # KEY VALUE, as JSON
    [[ -e $file ]] || fail "nothing was kept: $(<"$work/${log##*/}.err")"
    grep -q "^  \"$1\": $2,\?\$" "$file" || fail "not kept, $1 is not $2: $(<"$file")"
}

echo "a size and a theme"
open first "$picture"
await '"ev":"ready"'
xdotool key ctrl+equal
await '"ev":"scale","scale":1.25'
xdotool key ctrl+comma
click theme
sleep 0.5
xdotool key --delay 100 Down Return
await '"ev":"theme","theme":"light"'
xdotool key Escape
close_window
kept scale 1.25
kept theme '"light"'

echo "once by the command line"
open once --device "no such device" --scale 200 --theme contrast -m README.md "$picture"
await '"ev":"load_failed"'
await '"ev":"window".*"theme":"contrast","size":2.0'
close_window
kept scale 1.25
kept theme '"light"'
kept device null
kept model null

echo "as it was"
open again "$picture" -p "What is this?"
await '"ev":"window".*"theme":"light","size":1.25'
await '"ev":"answer","id":1,"state":"done"'
close_window
