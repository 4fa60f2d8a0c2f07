#!/bin/bash
# A picture is shown, asked about, replaced by a drop and by pastes, and the window keeps up.
# usage: test_window_chat.sh VIDI_VIEW X_DROP
# shellcheck source=tests/viewer/window.sh
. "${0%/*}/window.sh"
screen 1280x800

open chat "$picture" -p "What is this?"
await '"ev":"answer","id":1,"state":"done"'
grep -q '"text":"What is this?"' "$log" || fail "the question of the command line was not asked"

echo "a second question, typed"
xdotool type --delay 120 'What color is it?'
xdotool key Return
await '"ev":"question","id":2,"text":"What color is it?"'
await '"ev":"answer","id":2,"state":"done"'
grep '"ev":"answer","id":2' "$log" | grep -q '"image_tokens":0' || fail "the picture was encoded again"

echo "what became of the picture is told before the first word"
awk '/"ev":"facts","id":1/ && !facts { facts = NR } /"ev":"first","id":1/ { first = NR }
    END { exit !(facts && facts < first) }' "$log" || fail "the facts came too late"

echo "the answer and its numbers into the clipboard: by keys, and by the buttons"
copied() { # what the clipboard holds
    for _ in {1..60}; do
        [[ $(xclip -selection clipboard -o 2>/dev/null) == "$1" ]] && return
        sleep 0.05
    done
    fail "the clipboard holds '$(xclip -selection clipboard -o)' instead of '$1'"
}
answer=$(grep '"ev":"answer","id":2' "$log" | sed 's/.*"state":"done","text":"\([^"]*\)".*/\1/')
xdotool key ctrl+c # nothing is selected
copied "$answer"
xdotool key ctrl+shift+n
await '"ev":"copied"' 2
line=$(xclip -selection clipboard -o)
[[ $line == "first word "*" ms · "*" tokens/s · "*" in, "*" out · context "*llvmpipe* ]] ||
    fail "the line is not the numbers: $line"
xdotool key ctrl+shift+c
copied "$answer"
click numbers.2
copied "$line"
click copy.2
copied "$answer"
click prompt
xdotool type --delay 60 'ab'
xdotool key ctrl+a ctrl+c
copied ab
xdotool key BackSpace

echo "text of other scripts through the clipboard, sent with a click"
printf 'Gr\366\337e' | xclip -selection clipboard -i
xdotool key ctrl+v
await '"ev":"toast","words":"This is no text: byte 3 (f6) is not UTF-8."'
printf '\357\273\277Qué es\r画面 مرحبا 🍎?\r\n' | xclip -selection clipboard -i
xdotool key ctrl+v
await '"ev":"pasted","bytes":0,"text":true' 2
click send
await '"ev":"question","id":3,"text":"Qué es\\n画面 مرحبا 🍎?"'
await '"ev":"answer","id":3,"state":"done"'
shoot chat

echo "a closer look: wheel, drag, keys, and whole again"
zoomed() { # PATTERN: of the newest zoom
    for _ in {1..40}; do
        grep '"ev":"zoom"' "$log" | tail -n 1 | grep -q "$1" && return
        sleep 0.05
    done
    fail "no $1: $(grep '"ev":"zoom"' "$log" | tail -n 1)"
}
xdotool mousemove --window "$window" 330 380 click 4 click 4 click 4
zoomed '"zoom":1.95'
before=$(grep '"ev":"zoom"' "$log" | tail -n 1)
xdotool mousedown 1 mousemove_relative -- -60 0
sleep 0.2
xdotool mouseup 1
zoomed '"zoom":1.95'
[[ $(grep '"ev":"zoom"' "$log" | tail -n 1) != "$before" ]] || fail "dragging moved nothing"
shoot zoom
xdotool key alt+plus alt+Up
zoomed '"zoom":2.44'
xdotool key alt+0
zoomed '"zoom":1.0,"x":0.5,"y":0.5'

echo "a large picture through the clipboard"
head -c $((2200 * 1700 * 3)) /dev/urandom |
    ffmpeg -v error -f rawvideo -pix_fmt rgb24 -video_size 2200x1700 -i - "$work/noise.png"
(($(stat -c %s "$work/noise.png") > 10000000)) || fail "the picture is not large"
xclip -selection clipboard -t image/png -i "$work/noise.png"
xdotool key ctrl+v
await '"ev":"picture".*"name":"pasted picture","width":2200,"height":1700'
xdotool type --delay 60 'What is this?'
xdotool key Return
await '"ev":"answer","id":4,"state":"done"'
grep '"ev":"answer","id":4' "$log" | grep -q '"image_tokens":24' || fail "the new picture was not encoded"

echo "an address that is its picture, as browsers copy them"
printf 'data:image/webp;base64,%s' "$(base64 -w 0 tests/io/data/alpha.webp)" | xclip -selection clipboard -i
xdotool key ctrl+v
await '"ev":"picture".*"name":"pasted picture"' 2
printf 'data:image/webp;base64,!' | xclip -selection clipboard -i
xdotool key ctrl+v
await '"ev":"toast","words":"The data: address is no base64."'

echo "a file through the clipboard, and one dropped"
printf 'file://%s\n' "$picture" | xclip -selection clipboard -t text/uri-list -i
xdotool key ctrl+v
await '"ev":"picture".*"name":"picture.png"' 2
cp "$picture" "$work/dropped ö.png"
"$drop" "$window" 300 300 "$work/dropped%20%C3%B6.png" || fail "the drop was not taken"
await '"ev":"picture".*"name":"dropped ö.png","width":148,"height":96'

echo "once more, and a new conversation"
xdotool type --delay 60 'What is this?'
xdotool key Return
await '"ev":"answer","id":5,"state":"done"'
xdotool key ctrl+r
await '"ev":"question","id":6,"text":"What is this?"'
await '"ev":"answer","id":6,"state":"done"'
xdotool key ctrl+s
await '"ev":"written".*\.md","good":true'
xdotool key ctrl+shift+s
await '"ev":"written".*\.jsonl","good":true'
(($(wc -l <"$HOME"/vidi-*.jsonl) == 5)) || fail "the export does not hold five entries"
grep -q '> What is this?' "$HOME"/vidi-*.md || fail "the export lacks the question"
xdotool key ctrl+k
await '"ev":"clear"'

echo "undo, and keys that are no text"
xdotool type --delay 60 'abc'
xdotool key ctrl+z
# One by one: the same key twice at once is what a held key looks like.
xdotool key ctrl+equal
await '"ev":"scale","scale":1.25'
xdotool key ctrl+equal
await '"ev":"scale","scale":1.5'
xdotool key ctrl+0
await '"ev":"scale","scale":1.0'
sleep 0.5
tail -n 1 < <(grep '"ev":"boxes"' "$log") | grep -q '"id":"prompt","kind":"field","text":"Ask about the picture"' ||
    fail "the prompt is not empty: $(grep '"ev":"boxes"' "$log" | tail -n 1 | grep -o '"id":"prompt"[^}]*')"

close_window
for ms in $(grep -o '"longest_ms":[0-9.]*' "$log" | cut -d: -f2); do echo "gap $ms ms"; done | sort -t' ' -k2 -n | tail -n 1
