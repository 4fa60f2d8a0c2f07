#!/bin/bash
# Live mode over a test picture, a video file and a screen; frames are never lost or queued, and
# memory stays flat.
# usage: test_window_live.sh VIDI_VIEW X_DROP
# shellcheck source=tests/viewer/window.sh
. "${0%/*}/window.sh"
screen 1280x800

balanced() { # produced == shown + replaced (+ the one that waits)
    local line produced shown replaced waiting
    line=$(grep '"ev":"source_closed"' "$log" | tail -n 1)
    produced=$(sed 's/.*"produced":\([0-9]*\).*/\1/' <<<"$line")
    shown=$(sed 's/.*"shown":\([0-9]*\).*/\1/' <<<"$line")
    replaced=$(sed 's/.*"replaced":\([0-9]*\).*/\1/' <<<"$line")
    waiting=$([[ $line == *'"waiting":true'* ]] && echo 1 || echo 0)
    ((produced >= $1)) || fail "only $produced frames: $line"
    ((produced == shown + replaced + waiting)) || fail "frames are missing: $line"
}

memory() { awk '/^VmRSS/ { print $2 }' "/proc/$pid/status"; }

echo "a test picture for a minute"
open lavfi lavfi:testsrc2=size=640x480:rate=30 --live -p "What is this?"
await '"ev":"answer".*"state":"done"' 8
shoot live
echo "the question changes while it runs"
click prompt
xdotool key ctrl+a
xdotool type --delay 60 'What color is it?'
xdotool key Return
# By the thirtieth answer the heap has the size it needs. A sanitizer's own rises and falls by 60 MB:
# there the search for leaks at the end has to do.
await '"ev":"question".*"text":"What color is it?","live":true' 30
before=$(memory)
sleep $((${VIDI_SANITIZED:-0} ? 10 : 60))
after=$(memory)
echo "memory $before kB, a minute later $after kB"
((${VIDI_SANITIZED:-0} || after < before + 2048)) || fail "memory grows"
echo "frozen, and live no more"
xdotool key Escape
await '"ev":"live","on":false'
xdotool key ctrl+a BackSpace space # together: in one frame, where frames are slow
await '"ev":"freeze","on":true'
n=$(count '"ev":"question"')
sleep 2
(($(count '"ev":"question"') == n)) || fail "it asked although live mode is off"
n=$(count '"ev":"answer".*"state":"done"')
xdotool type --delay 60 'What is this?'
xdotool key Return
await '"ev":"question".*"live":false'
await '"ev":"answer".*"state":"done"' $((n + 1))
close_window
balanced 1000

echo "a video file that ends and begins again"
ffmpeg -v error -f lavfi -i testsrc2=size=320x240:rate=15:duration=2 -pix_fmt yuv420p "$work/clip.mp4" </dev/null
open mp4 "$work/clip.mp4" --live -p "What is this?"
await '"ev":"answer".*"state":"done"' 6
close_window
balanced 60

echo "the screen"
open screen "x11:$DISPLAY" --live -p "What is this?"
await '"ev":"source","state":"running"'
await '"ev":"answer".*"state":"done"' 3
close_window
balanced 30
