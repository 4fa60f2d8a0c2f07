#!/usr/bin/env bash
# Ctrl-C during an answer, and twice. A full pipe for stdout keeps the answer from ending first.
. "${BASH_SOURCE%/*}/cli.sh"
need_model

# A raw prompt at a high temperature goes on long, and each submission takes its time.
long=(--raw --temp 5 --top-k 0 --top-p 1 --min-p 0 --seed 1 -n 100 'Once upon a time')
slow_down || echo 'without the layer that slows calls down, Ctrl-C may come too late'

cd "$tmp" || exit 1
mkfifo pipe
exec 4<>pipe # its own reader and writer, so that opening it never waits

fill() { dd if=/dev/zero of=pipe oflag=nonblock bs=4096 count=1024 2>/dev/null; }
drain() { dd if=pipe iflag=nonblock of=drained bs=65536 count=1024 2>/dev/null; }
wait_for() { # until stderr has TEXT
    local i
    for ((i = 0; i < 2400; i++)); do
        grep -q "$1" err && return
        sleep 0.05
    done
    complain "stderr never said $1"
}
# A child of a script ignores SIGINT; `env` gives the default back.
start() {
    : >err
    : >out
    env --default-signal=INT "$VIDI" "$@" >pipe 2>err &
    pid=$!
}

fill
start ask -v "${long[@]}"
wait_for answering
kill -INT "$pid"
sleep 0.3
drain
wait "$pid"
code=$?
check exit code 130 -- test "$code" -eq 130
check no complaint -- test -z "$(grep -v -e answering -e 'loaded in' -e '^vidi: [a-z ]*$' err | grep -i error)"

fill
start ask -v --json "${long[@]}"
wait_for answering
kill -INT "$pid"
sleep 0.3
drain
wait "$pid"
code=$?
drain
check exit code 130 with --json -- test "$code" -eq 130

# A reader that never reads: the second one ends it.
fill
start ask -v "${long[@]}"
wait_for answering
kill -INT "$pid"
sleep 0.5
kill -INT "$pid" 2>/dev/null
wait "$pid"
code=$?
drain
check the second ends it -- test "$code" -eq 130

# A batch stops at the line it is at; every line that came out is whole.
for i in {1..200}; do echo '{"image": null, "prompt": "hello"}'; done >many.jsonl
: >err
env --default-signal=INT "$VIDI" ask -v -n 8 --batch many.jsonl >out 2>err &
pid=$!
wait_for answering
kill -INT "$pid"
wait "$pid"
code=$?
check a batch -- test "$code" -eq 130
check it stopped early -- test "$(wc -l <out)" -lt 200
tail -n 1 out >last
check whole lines -- test "$(wc -l <out)" -eq 0 -o -n "$("$JSON_GET" stop_reason <last)"
finish
