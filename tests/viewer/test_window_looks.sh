#!/bin/bash
# From small to large, with small and large letters, in all colours: nothing overlaps, no text lacks
# room, the answer is seen, and the keyboard reaches everything.
# usage: test_window_looks.sh VIDI_VIEW X_DROP
# shellcheck source=tests/viewer/window.sh
. "${0%/*}/window.sh"

check() { # WIDTH HEIGHT IDS...: the newest frame; these must be seen
    sleep 0.6
    python3 "${0%/*}/check_boxes.py" "$log" "$@" || fail "$name at $1 x $2: the layout is wrong"
}

resize() { # WIDTH HEIGHT
    xdotool windowsize --sync "$window" "$1" "$2"
    xdotool mousemove --window "$window" 3 3
}

# NAME "SIZES" IDS ARGS...: at each size these are seen; a screenshot of the first
at() {
    local size ids
    name=$1
    read -ra ids <<<"$3"
    local sizes=$2
    shift 3
    open "$name" "$@"
    await '"ev":"ready"'
    [[ " $* " != *" -p "* ]] || await '"ev":"answer".*"state":"done"' 2
    for size in $sizes; do
        resize "${size%x*}" "${size#*x}"
        check "${size%x*}" "${size#*x}" "${ids[@]}"
        [[ $size != "${sizes%% *}" ]] || shoot "$name"
    done
}

moving="lavfi:testsrc2=size=640x480:rate=15"
live=(--live -p "What is this?" "$moving")

screen 1280x1024
echo "live, in all sizes of letters"
for scale in 50 150 200 300; do
    at "live-$scale" "640x480 1280x800" "answer. prompt" "${live[@]}" --scale $scale
    close_window
done
at live-100 "640x480 700x900" "answer. prompt picture live same" "${live[@]}"
resize 480 400
check 480 400 answer. prompt
close_window

echo "nothing yet, and the sheets above it"
for scale in 100 300; do
    at "empty-$scale" "1180x760 640x480" "prompt empty" --scale $scale --theme light
    for sheet in F1 ctrl+comma; do
        xdotool key $sheet
        check 640 480 sheet.title sheet.close
        xdotool key Escape
    done
    close_window
done

echo "an open list, and a banner"
at banner "640x480 1180x760" "banner.action" --scale 200 /no/such/picture.png
close_window
at list "1180x760 640x480" "open model device" --theme light
click device
check 640 480 popup.0
xdotool key Escape
close_window

echo "Tab goes round"
at tab "1180x760" "answer. prompt" "${live[@]}"
xdotool key Escape
await '"ev":"live","on":false'
declare -A visited
for _ in {1..40}; do
    xdotool key Tab
    sleep 0.3
    id=$(python3 - "$log" <<'PY'
import json, sys
last = json.loads([l for l in open(sys.argv[1]) if '"ev":"boxes"' in l][-1])
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

echo "a large screen"
screen 2560x1440
at large-100 "2560x1440 640x480" "answer. prompt picture" --theme contrast "${live[@]}"
close_window
at large-300 "2560x1440" "answer. prompt picture" "${live[@]}" --scale 300
close_window
