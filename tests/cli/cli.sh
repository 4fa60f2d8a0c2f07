#!/usr/bin/env bash
# cli.sh - sourced by the tests beside it: runs $VIDI and looks at exit code, stdout and stderr.
#
#   run ARGS...                 runs vidi; then $code, $tmp/out and $tmp/err
#   works ARGS...               ... and it must exit with 0
#   fails CODE REGEX ARGS...    ... and it must exit with CODE, nothing on stdout, and exactly one
#                               line on stderr, without control characters, that REGEX matches
#   json PATH                   a value of $tmp/out, see json_get.c
#   check WORDS... -- COMMAND   COMMAND must succeed
#   with_fault_layer            from now on tests/gpu/layer is between vidi and the driver; fails
#                               where it was not built
#   slow_down                   ... and every submission takes 30 ms at least
#   finish                      the last line of a test
#
# Where VIDI_TEST_VALIDATE is set, the validation layer watches every run; with something to say it
# makes vidi exit with another code than 0, and `run` complains.
# Every test has a folder $tmp of its own that goes away, and no settings of the user reach vidi.
set -u
: "${VIDI:?names the program}" "${JSON_GET:?names the helper}"
tmp=$(mktemp -d "${VIDI_TEST_TMP:-/tmp}/cli.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
unset VIDI_DEVICE VIDI_DEBUG NO_COLOR
[ -z "${VIDI_TEST_VALIDATE:-}" ] || export VIDI_DEBUG=validate
export TERM=xterm LC_ALL=C.UTF-8
export VIDI_CACHE_DIR="${VIDI_TEST_TMP:-$tmp}/pipelines" XDG_STATE_HOME="$tmp/state"
failures=0
code=0

complain() {
    echo "FAILED: $*"
    echo "  exit code $code"
    head -c 1500 "$tmp/out" 2>/dev/null | sed 's/^/  stdout: /'
    head -c 1500 "$tmp/err" 2>/dev/null | sed 's/^/  stderr: /'
    failures=$((failures + 1))
}

run() {
    timeout 240 "$VIDI" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
    code=$?
    ! grep -q 'validation: ' "$tmp/err" || complain "vidi $*: the validation layer should be silent"
}

works() {
    run "$@"
    [ "$code" -eq 0 ] || complain "vidi $* should work"
}

fails() {
    local want=$1 regex=$2
    shift 2
    run "$@"
    [ "$code" -eq "$want" ] || complain "vidi $*: exit code should be $want"
    [ ! -s "$tmp/out" ] || complain "vidi $*: stdout should be empty"
    [ "$(wc -l <"$tmp/err")" -eq 1 ] || complain "vidi $*: stderr should be one line"
    [ "$(tr -d '\n' <"$tmp/err" | tr -d '[:print:]\200-\377' | wc -c)" -eq 0 ] ||
        complain "vidi $*: control characters on stderr"
    grep -Eq -- "$regex" "$tmp/err" || complain "vidi $*: stderr should match: $regex"
}

with_fault_layer() {
    [ -n "${FAULT_FOLDER:-}" ] || return 1
    # Mesa's layer that orders devices does not check the calls it makes itself.
    export VK_INSTANCE_LAYERS=VK_LAYER_VIDI_fault NODEVICE_SELECT=1
    if [ -n "${VK_LAYER_PATH:-}" ]; then
        export VK_LAYER_PATH="$FAULT_FOLDER:$VK_LAYER_PATH"
    else
        export VK_ADD_LAYER_PATH="$FAULT_FOLDER"
    fi
}

slow_down() {
    export VIDI_FAULT_SLOW="$tmp/slow"
    echo 'vkQueueSubmit 30' >"$VIDI_FAULT_SLOW"
    with_fault_layer
}

json() { "$JSON_GET" "$1" <"$tmp/out"; }

check() {
    local words=()
    while [ "$1" != -- ]; do
        words+=("$1")
        shift
    done
    shift
    "$@" || complain "${words[*]}: $*"
}

same() { [ "$1" = "$2" ] || { echo "  \"$1\" is not \"$2\"" && false; }; }

# picture NAME WIDTH HEIGHT: a grey PPM
picture() {
    printf 'P6\n%d %d\n255\n' "$2" "$3" >"$1"
    head -c $(($2 * $3 * 3)) /dev/zero | tr '\0' '\200' >>"$1"
}

# bytes 12 0 255 ...: these bytes
bytes() {
    local b
    # shellcheck disable=SC2059
    for b in "$@"; do printf "\\x$(printf %02x "$b")"; done
}
# le WIDTH NUMBER: a little-endian number of so many bytes
le() {
    local i n=$2
    for ((i = 0; i < $1; i++)); do
        bytes $((n & 255))
        n=$((n >> 8))
    done
}
be() {
    local i
    for ((i = $1 - 1; i >= 0; i--)); do bytes $(($2 >> (8 * i) & 255)); done
}

# Most of what is tested needs the model that ships inside; a build without it skips.
need_model() {
    run show --json
    [ "$code" -eq 0 ] && return
    grep -q 'holds no model' "$tmp/err" && echo "skipped: no model inside" && exit 77
    complain "the model that ships inside cannot be read"
}

finish() {
    [ "$failures" -eq 0 ] && exit 0
    echo "$failures failed"
    exit 1
}
