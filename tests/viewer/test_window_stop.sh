#!/bin/bash
# Stop and the window's end in every phase: each is made long by a layer that takes its time for some
# Vulkan calls, and the stop has to come by the end of the call that goes on. The window goes on drawing
# meanwhile, and draws nothing when nothing goes on.
# usage: test_window_stop.sh VIDI_VIEW X_DROP FOLDER OF THE FAULT LAYER
# shellcheck source=tests/viewer/window.sh
. "${0%/*}/window.sh"
fault_folder=${3:?the folder of the fault layer is missing}
screen 1024x700
export VIDI_FAULT_SLOW=$work/slow VK_ADD_LAYER_PATH=$fault_folder
export VK_INSTANCE_LAYERS=VK_LAYER_VIDI_fault
unset VK_LAYER_PATH # the loader would look nowhere else
call_ms=300
# 100 ms are wanted; the rest is for machines that do other things, and for what a sanitizer costs.
slack_ms=$((VIDI_SANITIZED ? 3000 : 600))

slow() { # NAME of the Vulkan call that is slow from now on; none: none
    echo "${1:-none} $call_ms" >"$work/slow.new" && mv "$work/slow.new" "$work/slow"
}

# From the newest stop to this line's newest, in milliseconds of the window's clock.
stopped_by() { # PATTERN WHAT
    awk -F '[:,]' -v pattern="$1" -v what="$2" -v most=$((call_ms + 100 + slack_ms)) '
        /"ev":"stop"/ { at = $2; told = 0 }
        /"ev":"phase","text":"stopping…"/ { told = $2 }
        $0 ~ pattern { end = $2 }
        END {
            printf "%s: told after %.0f ms, stopped after %.0f ms\n", what, told - at, end - at
            exit !(told >= at && told - at < 100 && end > at && end - at <= most)
        }' "$log" || fail "$2: the stop came too late"
}

phase() { # NAME [N]
    await "\"ev\":\"phase\",\"text\":\"$1\"" "${2:-1}"
}

press_stop() {
    local n
    n=$(($(count '"ev":"stop"') + 1))
    xdotool key Escape
    await '"ev":"stop"' $n
}

echo "while it loads, and while it compiles"
slow vkCreateBuffer
open load "$picture"
phase "loading weights"
press_stop
await '"ev":"load_failed","status":"cancelled"'
stopped_by '"ev":"load_failed"' loading
await '"ev":"banner".*Loading was stopped'
slow vkCreateComputePipelines
n=$(count '"ev":"phase","text":"compiling kernels"')
click banner.action
phase "compiling kernels" $((n + 1))
press_stop
await '"ev":"load_failed","status":"cancelled"' 2
stopped_by '"ev":"load_failed"' compiling
slow
click banner.action
await '"ev":"ready"'

echo "while it encodes, reads and answers"
id=0
ask() {
    xdotool type --delay 60 'What is this?'
    xdotool key Return
    id=$((id + 1))
    await "\"ev\":\"question\",\"id\":$id"
}
ask
await '"ev":"answer","id":1,"state":"done"'
xdotool key ctrl+k
await '"ev":"clear"'
id=0
for p in "encoding picture" "reading prompt" answering; do
    slow vkQueueSubmit
    n=$(count "\"ev\":\"phase\",\"text\":\"$p\"")
    seen=$(count '"ev":"answer"')
    ask
    phase "$p" $((n + 1))
    press_stop
    await '"ev":"answer"' $((seen + 1))
    grep '"ev":"answer"' "$log" | tail -n 1 | grep -q '"state":"stopped"' || fail "$p: it was not stopped"
    stopped_by '"ev":"answer"' "$p"
    slow
done
slow vkQueueSubmit
ask
await '"ev":"answer".*"state":"done"' 2
slow
grep -q '"ev":"answer".*"longest_submission_ms":[0-9]' "$log" || fail "how long a submission takes was not told"

echo "it drew while it worked, and draws nothing now"
sleep 1.5
frames() { grep '"ev":"boxes"' "$log" | tail -n 1 | sed 's/.*"frames":\([0-9]*\).*/\1/'; }
drawn=$(frames)
sleep 3
shown=$(frames)
((drawn == shown)) || fail "an idle window drew $((shown - drawn)) frames"
python3 - "$log" "$((VIDI_SANITIZED ? 5000 : 1000))" <<'PY' || fail "the window stood still"
import json, sys
most = {}
for line in open(sys.argv[1]):
    if '"ev":"gaps"' in line:
        for name, row in json.loads(line)["phases"].items():
            longest, frames = most.get(name, (0, 0))
            most[name] = (max(longest, row["longest_ms"]), frames + row["frames"])
for name, (longest, frames) in most.items():
    print(f"gap {name}: {longest:.0f} ms at most, {frames} frames")
wanted = ["encoding picture", "reading prompt", "answering"]
sys.exit(not all(n in most and most[n][1] > 2 and 0 < most[n][0] < float(sys.argv[2]) for n in wanted))
PY
close_window

echo "closed in every phase"
closing() { # PHASE CALL
    slow "$2"
    open "close" "$picture" -p "What is this?"
    phase "$1"
    xdotool key ctrl+q
    ended 0
}
closing "opening the device" vkCreateDevice
closing "loading weights" vkCreateBuffer
closing "compiling kernels" vkCreateComputePipelines
closing "encoding picture" vkQueueSubmit
closing "reading prompt" vkQueueSubmit
closing "answering" vkQueueSubmit
