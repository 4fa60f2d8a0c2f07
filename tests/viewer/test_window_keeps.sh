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

echo "as large as the desktop says, and no larger than its screen"
size() { xdotool getwindowgeometry --shell "$window" | awk -F= '/WIDTH/ { w = $2 } /HEIGHT/ { h = $2 } END { print w "x" h }'; }
rm "$file"
GDK_SCALE=2 open gdk "$picture"
await '"ev":"window".*"scale":2.0'
[[ $(size) == 1280x800 ]] || fail "the window is $(size) on a screen of 1280x800"
close_window
rm -f "$file"
open plain "$picture"
await '"ev":"window".*"scale":1.0'
[[ $(size) == 1180x760 ]] || fail "the window is $(size)"
close_window
if command -v xprop >/dev/null; then
    xprop -root -spy >/dev/null & # a screen that nobody looks at forgets it
    pids+=($!)
    sleep 0.5
    xprop -root -f RESOURCE_MANAGER 8s -set RESOURCE_MANAGER $'Xcursor.size:\t24\nXft.dpi:\t144\n'
    open dpi "$picture"
    await '"ev":"window".*"scale":1.5'
    close_window
    xprop -root -remove RESOURCE_MANAGER
fi

echo "the source that was used last, and a list of cameras that is kept up to date"
open source "$picture"
await '"ev":"ready"'
click source
await '"ev":"cameras"' 3
n=$(count '"ev":"cameras"')
xdotool key --delay 100 End Return
await '"ev":"source_open","spec":"test"'
await '"ev":"first_frame"'
close_window
kept source '"test"'
open source_again "$picture"
await '"ev":"picture"'
await '"ev":"ready"'
xdotool key ctrl+l
await '"ev":"source_open","spec":"test"'
await '"ev":"live","on":true'
await '"ev":"answer".*"state":"done"'
sleep 2.5
grep -q '"ev":"cameras"' "$log" && fail "cameras are listed although nobody looks"
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
