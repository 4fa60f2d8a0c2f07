# shellcheck shell=bash disable=SC2034
# window.sh - what the tests of the window share: a screen of its own, the program, its log.
#
#     open NAME ARGS...       starts it; then $pid, $log and $window are set; with settings that are
#                             kept where `keeps` is set
#     start NAME ARGS...      the same without $window, for a screen that is not X11's
#     await PATTERN [N]       until N lines (1) of the log match: for long, as kernels may have to
#                             be compiled first, which takes minutes under a sanitizer
#     shoot NAME              a screenshot into the folder of pictures
#     close_window            Ctrl+Q, and it ends within a second and well
viewer=${1:?usage: $0 VIDI_VIEW DROP}
drop=${2:?usage: $0 VIDI_VIEW DROP}
for tool in Xvfb xdotool xclip ffmpeg; do
    command -v $tool >/dev/null || { echo "$tool is missing"; exit 77; }
done
work=$(mktemp -d "${VIDI_TEST_TMP:-/tmp}/window.XXXXXX")
pictures=${VIDI_TEST_TMP:-/tmp}/screenshots
mkdir -p "$pictures" "$work/home"
picture=$PWD/tests/families/picturebook/picture.png
export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache} # compiled kernels take long to make
export HOME=$work/home XDG_CONFIG_HOME=$work/config XDG_CURRENT_DESKTOP= SDL_VIDEODRIVER=x11
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:quarantine_size_mb=8 # what is freed may be kept by it
unset WAYLAND_DISPLAY DISPLAY VIDI_DEVICE VIDI_DEBUG
pids=() trash=("$work") # ended and removed at the end

finish() {
    local status=$?
    ((status == 0 || status == 77)) || { echo "failed; the log's end:"; grep -v '"ev":"boxes"' "${log:-/dev/null}" | tail -n 15; cat "$work"/*.err 2>/dev/null; }
    kill "${pids[@]}" 2>/dev/null
    wait 2>/dev/null
    rm -rf "${trash[@]}"
    exit $status
}
trap finish EXIT

fail() {
    echo "$*"
    exit 1
}

screen() { # WxH: a screen of this size
    Xvfb -displayfd 9 -screen 0 "${1}x24" -nolisten tcp 9>"$work/display" >"$work/xvfb.err" 2>&1 &
    pids+=($!)
    for _ in {1..100}; do [[ -s $work/display ]] && break || sleep 0.1; done
    DISPLAY=:$(<"$work/display")
    export DISPLAY
}

start() {
    local name=$1
    shift
    log=$work/$name.jsonl
    : >"$log"
    local config=(--no-config)
    [[ -z ${keeps:-} ]] || config=()
    "$viewer" "${config[@]}" --ui-log "$log" "$@" >"$work/$name.out" 2>"$work/$name.err" &
    pid=$!
    pids+=("$pid")
    await '"ev":"window"'
}

open() {
    start "$@"
    window=$(xdotool search --sync --onlyvisible --pid "$pid" | tail -n 1)
    xdotool windowfocus "$window"
}

count() { grep -c -- "$1" "$log"; }

await() {
    local pattern=$1 n=${2:-1} until=$((SECONDS + 600)) runs=1
    while ((runs && SECONDS < until)); do
        [[ -e /proc/$pid/exe ]] || runs=0 # ended: what it wrote last still counts
        (($(count "$pattern") >= n)) && return 0
        sleep 0.05
    done
    fail "$n times $pattern did not come"
}

# The last box of a control: X Y W H, from the newest frame that was logged.
box() {
    python3 - "$log" "$1" <<'PY'
import json, sys
last = None
for line in open(sys.argv[1]):
    if '"ev":"boxes"' in line:
        try:
            last = json.loads(line)
        except ValueError:
            pass
for b in (last or {"boxes": []})["boxes"]:
    if b["id"] == sys.argv[2]:
        print(*b["box"])
        break
PY
}

click() { # ID: its middle
    local x y w h
    sleep 0.4
    read -r x y w h < <(box "$1") || fail "there is no $1"
    xdotool mousemove --window "$window" $((x + w / 2)) $((y + h / 2)) click 1
}

shoot() {
    local before=("$HOME"/vidi-*.png)
    xdotool key F12
    for _ in {1..100}; do
        local now=("$HOME"/vidi-*.png)
        [[ -e ${now[-1]} && ${now[-1]} != "${before[-1]}" ]] && break
        sleep 0.05
    done
    sleep 0.2
    mv "$HOME"/vidi-*.png "$pictures/$1.png"
}

# It closes within a second by its own clock, and ends with this exit status. Under a sanitizer the search for leaks comes behind that.
ended() {
    local start=${EPOCHREALTIME/./} status
    wait "$pid"
    status=$?
    ((${VIDI_SANITIZED:-0} || ${EPOCHREALTIME/./} - start < 3000000)) ||
        fail "it took too long to end"
    # The search for leaks may itself crash where threads of a driver are just ending: no finding.
    if ((status != $1)) && grep -q 'LeakSanitizer has encountered a fatal error' "${log%.jsonl}.err" &&
        ! grep -q 'ERROR: [A-Za-z]*Sanitizer' "${log%.jsonl}.err"; then
        echo "the search for leaks failed by itself: $(grep -m 1 'Tracer caught' "${log%.jsonl}.err")"
        status=$1
    fi
    ((status == $1)) || fail "it ended with $status"
    awk -F '[:,]' '/"ev":"closing"/ { at = $2 } /"ev":"closed"/ { exit $2 - at > most }' most=$((${VIDI_SANITIZED:-0} ? 1500 : 1000)) "$log" ||
        fail "it took too long to close"
}

close_window() {
    xdotool key ctrl+q
    ended 0
    grep -q '"ev":"closed"' "$log" || fail "it did not end well"
}
