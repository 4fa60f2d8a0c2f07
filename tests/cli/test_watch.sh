#!/usr/bin/env bash
# The camera loop without a window: a line an answer, always the newest frame.
. "${BASH_SOURCE%/*}/cli.sh"
[ -x "${VIDI%/*}/vidi-watch" ] || { echo "vidi-watch was not built"; exit 77; }
command -v ffmpeg >/dev/null || { echo "ffmpeg is missing"; exit 77; }

test=lavfi:testsrc2=size=320x240:rate=30
works watch $test -p "What is this?" --every 200ms --frames 3
check three lines -- test "$(wc -l <"$tmp/out")" -eq 3
check nothing on stderr -- test ! -s "$tmp/err"

works watch $test -p "What is this?" --continuous --frames 4 --json
check four objects -- test "$(wc -l <"$tmp/out")" -eq 4
previous=0 answers=0
while read -r line; do
    printf '%s' "$line" >"$tmp/line"
    frame=$("$JSON_GET" frame <"$tmp/line")
    check a newer frame -- test "$frame" -gt "$previous"
    previous=$frame
    check words -- test -n "$("$JSON_GET" text <"$tmp/line")"
    # Every frame of the source was asked about, looked like the one before, or was replaced.
    answers=$((answers + 1))
    seen=$((answers + $("$JSON_GET" skipped <"$tmp/line") + $("$JSON_GET" dropped <"$tmp/line")))
    check all frames counted -- test "$frame" -eq "$seen"
    check the time of its picture -- test "$("$JSON_GET" ms.image <"$tmp/line" | cut -d. -f1)" -gt 0
done <"$tmp/out"

# A file ends by itself; what stands still is asked about once, unless all is asked for.
red=color=c=red:size=160x120
ffmpeg -v error -f lavfi -i $red:rate=10:duration=2 -pix_fmt yuv420p "$tmp/still.mp4" </dev/null
ffmpeg -v error -f lavfi -i $red:rate=2:duration=600 -pix_fmt yuv420p "$tmp/long.mp4" </dev/null
works watch "$tmp/still.mp4" -p "What color is it?" --continuous
check one answer -- test "$(wc -l <"$tmp/out")" -eq 1
works watch "$tmp/long.mp4" -p "What color is it?" --continuous --all --frames 3
check three answers -- test "$(wc -l <"$tmp/out")" -eq 3

# A short film and a picture may come by a pipe.
ffmpeg -v error -f lavfi -i $red:rate=10:duration=1 -pix_fmt yuv420p -f mpegts "$tmp/short.ts" </dev/null
for piped in "$tmp/short.ts" tests/io/data/full.jpg; do
    cat "$piped" | timeout 240 "$VIDI" watch - -p "What color is it?" --frames 1 >"$tmp/out" 2>"$tmp/err"
    code=$?
    check "$piped by a pipe" -- test "$code-$(wc -l <"$tmp/out")" = 0-1
done
fails 8 'standard input is a terminal or a device' watch -

# A still picture is read as `ask` reads it, asked about once, and then it is over.
for picture in exif6.jpg alpha.webp alpha.tif turn6.avif; do
    works ask "tests/io/data/$picture" "What is this?" -n 4
    cp "$tmp/out" "$tmp/asked"
    works watch "tests/io/data/$picture" -p "What is this?" -n 4 --every 100ms
    check "$picture is what ask sees" -- cmp "$tmp/out" "$tmp/asked"
done
head -c 200 tests/io/data/alpha.webp >"$tmp/cut.webp"
fails 8 'cut.webp: the WebP picture is damaged' watch "$tmp/cut.webp"
works watch tests/io/data/alpha.webp -n 4 --json
check no film -- test "$(json film_ms)" = null
fails 2 'is a picture' watch tests/io/data/alpha.webp --fps 1

# A film waits for the first answer, however long that takes to come; stepped through, nothing of it
# is left out. What is said of each frame.
ffmpeg -v error -f lavfi -i testsrc2=size=160x120:rate=10:duration=2 "$tmp/moves.mp4" </dev/null
works watch "$tmp/moves.mp4" -p "What is this?" --continuous --frames 1 --json
check the first frame -- test "$(json frame)" -eq 1
check its place -- test "$(json film_ms | cut -d. -f1)" -eq 0
check its source -- test "$(json source)" = "$tmp/moves.mp4"
check its time -- grep -Eq '^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z$' <(json time)
check nothing dropped -- test "$(json dropped)" -eq 0
works watch "$tmp/moves.mp4" -p "What is this?" --fps 2.5 --json
check steps -- same "$(grep -Eo '"film_ms": *[0-9]+' "$tmp/out" | grep -Eo '[0-9]+$' | tr '\n' ' ')" '0 400 800 1200 1600 '
check none dropped -- same "$(grep -Ec '"dropped": *0[,}]' "$tmp/out")" 5
works watch "$tmp/still.mp4" -p "What color is it?" --fps 1
check each step of what stands still -- test "$(wc -l <"$tmp/out")" -eq 2
fails 2 'fps goes by' watch "$tmp/moves.mp4" --fps 2 --every 1s
mkfifo "$tmp/pipe"
ffmpeg -v error -f lavfi -i testsrc2=size=160x120:rate=10:duration=2 -f mpegts pipe:1 </dev/null >"$tmp/pipe" 2>/dev/null &
fails 2 'is live; --every' watch "$tmp/pipe" --fps 2
wait

# A reader that wants no more is no failure, and an answer that -n cut is told once.
"$VIDI" watch test -p "What is this?" --all --every 10ms --frames 40 -n 2 2>"$tmp/err" | head -n 1 >"$tmp/out"
check head is content -- same "${PIPESTATUS[*]}" "0 0"
check told once -- same "$(grep -c 'answer was cut at 2 tokens' "$tmp/err")" 1

fails 8 'no/such.mp4: No such file' watch no/such.mp4
fails 8 'README.md: ' watch README.md
fails 8 'nosuchfilter' watch lavfi:nosuchfilter
fails 2 'every wants a time' watch test --every 2x
fails 2 'two answers' watch test --every 1s --continuous
fails 2 'too few arguments' watch
fails 3 'no-such.gguf' watch test -m no-such.gguf
fails 2 'frames wants' watch test --frames 0

# Ctrl-C ends it between and within answers. A child of a script ignores SIGINT; `env` gives the
# default back.
env --default-signal=INT "$VIDI" watch test -p "What is this?" --every 100ms >"$tmp/out" 2>"$tmp/err" </dev/null &
pid=$!
for _ in $(seq 300); do
    [ "$(wc -l <"$tmp/out")" -ge 2 ] && break
    sleep 0.1
done
kill -INT $pid
wait $pid
code=$?
check interrupted -- test $code -eq 130

works cameras --json
check a list -- grep -q '^\[' "$tmp/out"
finish
