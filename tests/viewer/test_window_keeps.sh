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

echo "a device and a model from their lists, another model by its path and by a drop"
last_load() { grep '"ev":"load"' "$log" | tail -n 1; }
open pick "$picture"
await '"ev":"ready"'
await '"ev":"choices"'
click device
sleep 0.5
xdotool key --delay 100 Home Return
await '"ev":"load".*"device":"[^"]' 1
await '"ev":"ready"' 2
device=$(grep -o '"device":"[^"]*"' <<<"$(last_load)")
click model
sleep 0.5
xdotool key --delay 100 End Return # the last one: another ...
await '"ev":"dialog","picked":false,"none":true'
xdotool type --delay 60 "$PWD/tests/families/llama/tiny.gguf"
xdotool key Return
await '"ev":"ready".*"model":"tiny.gguf".*"sees":false'
grep -q "$device" <<<"$(last_load)" || fail "the device was forgotten: $(last_load)"
click model
sleep 0.5
xdotool key --delay 100 Home Return # the one inside
await '"ev":"ready".*"model":"picturebook"' 3
"$drop" "$window" 300 300 "$PWD/tests/families/folders/blip" || fail "the drop was not taken"
await '"ev":"load","model":"blip"'
await '"ev":"ready".*"model":"blip".*"sees":true'
grep '"ev":"picture"' "$log" | grep -qv '"name":"picture.png"' && fail "a model was taken for a picture"
"$drop" "$window" 300 300 "$PWD/tests/families/llama/tiny.gguf" || fail "the drop was not taken"
await '"ev":"ready".*"model":"tiny.gguf"' 2
close_window
kept model "\"$PWD/tests/families/llama/tiny.gguf\""
grep -q '"device": null' "$file" && fail "the device was not kept"
open picked -p Hello
await '"ev":"ready".*"model":"tiny.gguf"'
await '"ev":"question","id":1,"text":"Hello"'
close_window
