#!/bin/bash
# From small to large, in all colours: nothing overlaps, and the keyboard reaches everything.
# usage: test_window_looks.sh VIDI_VIEW X_DROP
# shellcheck source=tests/viewer/window.sh
. "${0%/*}/window.sh"
screen 2560x1440

at() { # NAME WIDTH HEIGHT ARGS...
    local name=$1 width=$2 height=$3
    shift 3
    open "$name" "$@" lavfi:testsrc2=size=640x480:rate=5 -p "What is this?"
    await '"ev":"answer".*"state":"done"'
    xdotool windowsize --sync "$window" "$width" "$height"
    xdotool mousemove --window "$window" 3 3
    sleep 1
    shoot "$name"
    sleep 0.6
    python3 "${0%/*}/check_boxes.py" "$log" "$width" "$height" || fail "$name: the layout is wrong"
}

at small 640 480
close_window
at light 1180 760 --theme light
close_window
at contrast-200 1600 1000 --theme contrast --scale 200
close_window
at large 2560 1440 --scale 150
close_window

echo "Tab goes round"
at tab 1180 760
xdotool key F1
sleep 0.8
shoot keys
xdotool key Escape
declare -A visited
for _ in {1..40}; do
    xdotool key Tab
    sleep 0.3
    id=$(python3 - "$log" <<'PY'
import json, sys
last = [json.loads(l) for l in open(sys.argv[1]) if '"ev":"boxes"' in l][-1]
print(next((b["id"] for b in last["boxes"] if b["focused"]), ""))
PY
)
    [[ -n $id ]] || continue
    [[ -n ${visited[$id]} && ${#visited[@]} -gt 8 ]] && break
    visited[$id]=1
done
echo "visited: ${!visited[*]}"
for id in open source model device help settings live freeze presets prompt; do
    [[ -n ${visited[$id]} ]] || fail "the keyboard does not come to $id"
done
echo "a list by keys"
has_list() { grep '"ev":"boxes"' "$log" | tail -n 1 | grep -q '"id":"popup"'; }
click source
sleep 0.8
has_list || fail "no list opened"
shoot list # above which is taken what lies above
xdotool key --delay 100 Down Down Escape
sleep 0.8
has_list && fail "the list did not close"
n=$(count '"ev":"source_open"')
click source
sleep 0.5
xdotool key --delay 100 Up End Return
await '"ev":"source_open","spec":"test"' 1
(($(count '"ev":"source_open"') == n + 1)) || fail "more than one was picked"
close_window
