#!/bin/bash
# What goes wrong becomes a banner with the next step, and the window closes at any moment.
# usage: test_window_failures.sh VIDI_VIEW X_DROP [FOLDER OF THE FAULT LAYER]
# shellcheck source=tests/viewer/window.sh
. "${0%/*}/window.sh"
screen 1024x700

echo "no such picture, no picture, a bomb"
open bad /no/such/picture.png
await '"ev":"banner".*no/such/picture.png'
echo "not a picture" >"$work/words.png"
"$drop" "$window" 300 300 "$work/words.png" || fail "the drop was not taken"
await '"ev":"banner".*words.png'
# the head of a PNG of 60000 x 60000
printf '\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\xea\x60\0\0\xea\x60\x08\x02\0\0\0\x0f\xb0\xe2\x15' >"$work/bomb.png"
"$drop" "$window" 300 300 "$work/bomb.png" || fail "the drop was not taken"
await '"ev":"banner".*bomb.png: has 60000 x 60000 pixels, and their count is limited'
shoot banner
xdotool key ctrl+o # no dialog here: the window asks for the path itself
await '"ev":"dialog","picked":false,"none":true'
xdotool type --delay 60 "$picture"
xdotool key Return
await '"ev":"picture".*"name":"picture.png"'
close_window

echo "a model that is none; the built-in one helps"
open model -m README.md "$picture"
await '"ev":"load_failed"'
await '"ev":"banner".*README.md'
click banner.action
await '"ev":"ready".*"model":"picturebook"'
close_window

echo "changes to a model that are none; without them it goes"
open lora --lora README.md:0.5 "$picture"
await '"ev":"load_failed"'
await '"ev":"banner".*README.md'
click banner.action
await '"ev":"ready".*"model":"picturebook"'
close_window
families=tests/families
open changed -m $families/decoders/qwen2/tiny.gguf --lora $families/lora/qwen2/all.gguf -p "Hello"
await '"ev":"question","id":1,"text":"Hello"' # without a picture to wait for
await '"ev":"answer","id":1,"state":"done"'
close_window

echo "no device"
open device "$picture" --device "no such device"
await '"ev":"load_failed","status":"device"'
await '"ev":"banner".*no such device'
await '"ev":"choices"'
click banner.action # the list of devices
sleep 0.5
grep '"ev":"boxes"' "$log" | tail -n 1 | grep -q '"id":"popup.0"' || fail "no list of devices opened"
xdotool key --delay 100 Home Return
await '"ev":"ready"'
close_window

fault_folder=${3:-}
if [[ -n $fault_folder ]]; then
    echo "the device is lost while it answers, then memory runs out; each time it goes on"
    fault() { # NAME of the Vulkan call that fails next
        echo "$1" >"$work/fault.new" && mv "$work/fault.new" "$work/fault"
    }
    export VIDI_FAULT_FILE=$work/fault VK_ADD_LAYER_PATH=$fault_folder
    export VK_INSTANCE_LAYERS=VK_LAYER_VIDI_fault
    unset VK_LAYER_PATH # the loader would look nowhere else
    open lost "$picture" -p "What is this?"
    await '"ev":"answer".*"state":"done"'
    fault vkQueueSubmit
    xdotool type --delay 60 "What color is it?"
    xdotool key Return
    await '"ev":"banner".*The device was lost.*being opened again'
    [[ -e $work/fault ]] && fail "no call was failed"
    await '"ev":"ready"' 2
    shoot lost
    click banner.action
    await '"ev":"answer".*"state":"done"' 2
    grep -q '"ev":"banner".*lost again' "$log" && fail "it was lost once, not again"
    fault vkQueueSubmit
    xdotool type --delay 60 "What is this?"
    xdotool key Return
    await '"ev":"banner".*lost again.*parts of 8 ms'
    await '"ev":"ready"' 3
    close_window
    fault vkCreateBuffer
    open memory "$picture" -p "What is this?"
    await '"ev":"load_failed","status":"memory"'
    await '"ev":"banner".*not enough memory'
    click banner.action
    await '"ev":"ready"'
    close_window
    unset VIDI_FAULT_FILE VK_ADD_LAYER_PATH VK_INSTANCE_LAYERS
fi

echo "a source that never opens, also by a drop, and one that breaks off"
open never lavfi:nosuchfilter
await '"ev":"banner"'
"$drop" "$window" 300 300 "$picture" || fail "the drop was not taken"
await '"ev":"picture"'
cp README.md "$work/words.mp4"
"$drop" "$window" 300 300 "$work/words.mp4" || fail "the drop was not taken"
await '"ev":"source_refused".*words.mp4'
xdotool type --delay 60 "What is this?"
xdotool key Return
await '"ev":"question".*"shot":1' # the picture is still there
close_window
ffmpeg -v error -f lavfi -i testsrc2=size=320x240 -frames:v 1 -pix_fmt yuv420p "$work/one.mp4" </dev/null
open over "$work/one.mp4"
await '"ev":"banner".*The video ended'
shoot ended
click banner.action
await '"ev":"source","state":"ended"' 2
close_window
ffmpeg -v error -f lavfi -i testsrc2=size=320x240:rate=15:duration=4 -pix_fmt yuv420p "$work/whole.ts" </dev/null
head -c 30000 "$work/whole.ts" >"$work/cut.ts"
open cut "$work/cut.ts"
await '"ev":"first_frame"'
close_window

echo "no screen at all"
DISPLAY=:4711 "$viewer" --no-config >"$work/none.out" 2>"$work/none.err"
(($? == 1)) || fail "another exit code without a screen"
grep -q 'vidi chat' "$work/none.err" || fail "no way out was named: $(<"$work/none.err")"
[[ -s $work/none.out ]] && fail "something was printed"
# Without any name of one SDL draws into memory; that is nobody's wish.
env -u DISPLAY -u WAYLAND_DISPLAY -u SDL_VIDEODRIVER timeout 60 "$viewer" --no-config \
    >"$work/none.out" 2>"$work/none.err"
(($? == 1)) || fail "another exit code without the name of a screen"
grep -q 'vidi chat' "$work/none.err" || fail "no way out was named: $(<"$work/none.err")"
"$viewer" --theme pink 2>"$work/none.err"
(($? == 2)) || fail "another exit code for a wrong theme"
true
