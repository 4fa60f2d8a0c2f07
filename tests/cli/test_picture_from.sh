#!/usr/bin/env bash
# Where a picture may come from: a path, standard input, a pipe, a data: address, the web. Each gives
# the answer that the file gives.
. "${BASH_SOURCE%/*}/cli.sh"
picture=$PWD/tests/io/data/alpha.webp

works ask "$picture" 'What is this?' -n 6 --json
json tokens >"$tmp/tokens"
same() { # WORDS: the run before gave the same tokens
    check "$1 is the same picture" -- cmp <(json tokens) "$tmp/tokens"
    check "$1 needs no word" -- test ! -s "$tmp/err"
}
piped() { # ARGS...: `run` with the picture on standard input
    timeout 240 "$VIDI" "$@" <"$tmp/in" >"$tmp/out" 2>"$tmp/err"
    code=$?
    [ "$code" -eq 0 ] || complain "vidi $*"
}
cp "$picture" "$tmp/in"
piped ask - 'What is this?' -n 6 --json
same 'a redirected -'
piped ask --image /dev/stdin 'What is this?' -n 6 --json
same /dev/stdin
mkfifo "$tmp/pipe"
cat "$picture" >"$tmp/pipe" &
works ask "$tmp/pipe" 'What is this?' -n 6 --json
same 'a pipe'
works ask <(cat "$picture") 'What is this?' -n 6 --json
same 'what a command writes'
cat "$picture" | timeout 240 "$VIDI" ask - 'What is this?' -n 6 --json >"$tmp/out" 2>"$tmp/err"
same 'a piped -'
works ask "data:image/webp;base64,$(base64 -w 0 "$picture")" 'What is this?' -n 6 --json
same 'data: in base64'
works ask "DATA:;Base64,$(base64 "$picture")" 'What is this?' -n 6 --json
same 'data: in lines'
works ask "data:,$(od -An -v -tx1 "$picture" | tr -d '\n' | tr ' ' %)" 'What is this?' -n 6 --json
same 'data: in percents'

fails 8 'data: address: is no base64' ask 'data:image/png;base64,a!b' hi
fails 8 'data: address: has no comma' ask 'data:image/png' hi
fails 8 'two digits' ask 'data:,%4' hi
works ask "FILE:$(sed 's/alpha/%61lpha/' <<<"$picture")" 'What is this?' -n 6 --json
same 'file: without a host'
works ask "file://localHost$picture" 'What is this?' -n 6 --json
same 'file: of this machine'
fails 8 'two digits' ask "file://$picture%4" hi
fails 8 'zero byte' ask "file://$picture%00" hi
fails 8 'another machine' ask "file://elsewhere$picture" hi
fails 8 'data: address: is a text, not a picture' ask 'data:,hello' hi
fails 8 'standard input: is empty' ask - hi
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n' >"$tmp/lfs.png"
fails 8 'lfs.png: is a Git LFS pointer' ask "$tmp/lfs.png" hi
fails 8 '^vidi: -: standard input has the questions' chat -

# A file of questions names paths and data:, and sends nobody anywhere.
cat >"$tmp/lines" <<END
{"image": "data:image/webp;base64,$(base64 -w 0 "$picture")", "prompt": "What is this?"}
{"image": "http://127.0.0.1:1/x.png", "prompt": "What is this?"}
{"image": "-", "prompt": "What is this?"}
END
run ask --batch "$tmp/lines" -n 6
check 'the first line is answered' -- grep -q '"tokens"' <(sed -n 1p "$tmp/out")
check 'no address is fetched' -- grep -q 'only when an argument names it' <(sed -n 2p "$tmp/out")
check 'standard input is not read' -- grep -q 'has the questions' <(sed -n 3p "$tmp/out")

# ---- the web ----
command -v python3 >/dev/null || finish
run version
if ! "$VIDI" ask http://127.0.0.1:1/x.png hi 2>&1 | grep -q 'built without'; then
    cat >"$tmp/server.py" <<'END'
import http.server, sys
picture = open(sys.argv[1], "rb").read()
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_GET(self):
        if self.path in ("/to_file", "/to_picture"):
            self.send_response(302)
            self.send_header("Location", "file://" + sys.argv[1] if self.path == "/to_file" else "/picture")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        body = {"/picture": picture, "/page": b"<!doctype html><p>hello", "/huge": bytes(1000)}.get(self.path)
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(2**40 if self.path == "/huge" else len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
END
    exec 5< <(exec python3 "$tmp/server.py" "$picture")
    server=$!
    read -r port <&5
    at=http://127.0.0.1:$port
    works ask "$at/picture" 'What is this?' -n 6 --json
    same 'an address'
    works ask "$at/to_picture" 'What is this?' -n 6 --json
    same 'a redirect'
    fails 8 'to_file: cannot be fetched: the server redirects to an address not to be followed' \
        ask "$at/to_file" hi
    fails 8 'page: is an HTML page, not a picture' ask "$at/page" hi
    fails 8 'huge: cannot be fetched: it has more than 256 MiB' ask "$at/huge" hi
    fails 8 'missing: cannot be fetched: ' ask "$at/missing" hi
    kill "$server"
fi
finish
