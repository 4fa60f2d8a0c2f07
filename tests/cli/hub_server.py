#!/usr/bin/env python3
"""hub_server.py - a model hub for tests: the real one's addresses and headers, and its bad days.

usage: hub_server.py FOLDER

FOLDER/repos/OWNER/NAME/... are the files; those with ".gguf" or ".safetensors" are large files, which
are redirected to a second server on a port of its own, as to another host. FOLDER/mode holds words
that say how it misbehaves; it is read anew at each request. FOLDER/log gets a line a request:
"SERVER METHOD PATH token=yes|no range=RANGE if-range=TAG". FOLDER/port tells the port once it listens.

    cut=N       content: the connection closes after N bytes
    cut-once=N  ... the first time only
    wrong       content: one byte is another
    short-size  content: Content-Length is another than announced
    no-range    Range is ignored
    bad-range   Content-Range starts at another byte
    changed     the tag of the content is another at each request
    slow        content: in small pieces with naps
    stall-once=N  content: after N bytes nothing comes any more, though the connection stays; once
    status=N    everything is refused with this status; status-twice=N only the first two requests
    after=S     Retry-After, with status
    huge        X-Linked-Size is larger than any disk
    nohash      no tag that is a hash
    evil        the list has names that leave the folder
    garbage     the list is no JSON; endless: it does not end
    headers     answers begin with more headers than anybody reads
    loop        redirects lead to themselves; file: to a file
"""
import hashlib
import http.server
import json
import os
import socketserver
import sys
import threading
import time
import urllib.parse

root = sys.argv[1]
counts = {}
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def mode():
    words = {}
    with open(os.path.join(root, "mode"), encoding="utf-8") as file:
        for word in file.read().split():
            key, _, value = word.partition("=")
            words[key] = value
    return words


def seen(key):
    """How often this was asked before, in the time of one mode."""
    with open(os.path.join(root, "mode"), encoding="utf-8") as file:
        key = (file.read(), key)
    counts[key] = counts.get(key, 0) + 1
    return counts[key] - 1


def is_large(path):
    return path.endswith((".gguf", ".safetensors"))


def hash_of(path, data):
    if is_large(path):
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def note(self):
        token = self.headers.get("Authorization") == "Bearer hf_secret"
        line = "%s %s %s token=%s range=%s if-range=%s\n" % (
            self.server.role, self.command, self.path, "yes" if token else "no",
            self.headers.get("Range", ""), self.headers.get("If-Range", ""))
        with open(os.path.join(root, "log"), "a", encoding="utf-8") as file:
            file.write(line)

    def answer(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, words):
        status = words.get("status") or words.get("status-twice")
        if not status or ("status-twice" in words and seen("refused") >= 2):
            return False
        self.answer(int(status), {"Retry-After": words["after"]} if "after" in words else {}, b"no")
        return True

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        self.note()
        words = mode()
        if self.refuse(words):
            return
        if "headers" in words:
            self.send_response(200)
            for i in range(90):
                self.send_header("X-Filler-%d" % i, "x" * 1000)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path = urllib.parse.unquote(self.path)
        if path.startswith("/api/models/"):
            self.listing(path[len("/api/models/"):], words)
        elif path.startswith("/content/"):
            self.content(path[len("/content/"):], words)
        else:
            self.resolve(path[1:], words)

    def listing(self, path, words):
        repo, _, revision = path.partition("/revision/")
        folder = os.path.join(root, "repos", repo)
        if not os.path.isdir(folder) or revision not in ("main", "refs/pr/1", COMMIT):
            self.answer(404, {})
            return
        names = [os.path.relpath(os.path.join(at, name), folder)
                 for at, _, files in os.walk(folder) for name in files]
        if "evil" in words:
            names = ["../../evil.gguf", "/tmp/evil.gguf", "a/../../evil.gguf", "b\nb.gguf",
                     "c\u0085.gguf", "d\\e.gguf", "x" * 600 + ".gguf"] + names
        body = json.dumps({"sha": COMMIT, "siblings": [{"rfilename": n} for n in names]}).encode()
        if "garbage" in words:
            body = b"<html>not you</html>"
        if "endless" in words:
            body = b" " * (40 << 20)
        self.answer(200, {"Content-Type": "application/json"}, body)

    def resolve(self, path, words):
        repo, _, rest = path.partition("/resolve/")
        revision, _, name = rest.partition("/")
        full = os.path.join(root, "repos", repo, name)
        if not os.path.isfile(full) or revision != COMMIT:
            self.answer(404, {})
            return
        with open(full, "rb") as file:
            data = file.read()
        tag = '"%s"' % ("unknown" if "nohash" in words else hash_of(name, data))
        headers = {"X-Repo-Commit": COMMIT}
        if "loop" in words:
            self.answer(302, {"Location": self.path})
        elif "file" in words:
            self.answer(302, {"Location": "file:///etc/passwd"})
        elif is_large(name):
            size = 1 << 55 if "huge" in words else len(data)
            place = "http://127.0.0.1:%d/content/%s" % (self.server.other, urllib.parse.quote(
                repo + "/" + name))
            headers.update({"X-Linked-Etag": tag, "X-Linked-Size": str(size), "Location": place})
            self.answer(302, headers)
        else:
            headers["ETag"] = tag
            self.answer(200, headers, data)

    def content(self, path, words):
        with open(os.path.join(root, "repos", path), "rb") as file:
            data = file.read()
        version = seen("content") if "changed" in words else 0
        tag = '"content-%d-%d"' % (len(data), version)
        if "wrong" in words:
            data = bytes([data[0] ^ 1]) + data[1:]
        wanted, start = self.headers.get("Range"), 0
        guard = self.headers.get("If-Range", tag)
        if wanted and "no-range" not in words and guard == tag:
            start = int(wanted[len("bytes="):].split("-")[0])
        if start >= len(data) > 0:
            self.answer(416, {"Content-Range": "bytes */%d" % len(data)})
            return
        self.send_response(206 if start else 200)
        self.send_header("ETag", tag)
        if start:
            first = start + 1 if "bad-range" in words else start
            self.send_header("Content-Range", "bytes %d-%d/%d" % (first, len(data) - 1, len(data)))
        body = data[start:]
        self.send_header("Content-Length", str(len(body) + (7 if "short-size" in words else 0)))
        self.end_headers()
        self.pour(body, words)

    def pour(self, body, words):
        limit = len(body)
        if "cut" in words:
            limit = int(words["cut"])
        elif "cut-once" in words and seen("cut") == 0:
            limit = int(words["cut-once"])
        elif "stall-once" in words and seen("stall") == 0:
            self.wfile.write(body[:int(words["stall-once"])])
            self.wfile.flush()
            time.sleep(90)
            self.close_connection = True
            return
        if "slow" in words:
            for at in range(0, limit, 20000):
                self.wfile.write(body[at:min(at + 20000, limit)])
                self.wfile.flush()
                time.sleep(0.1)
        else:
            self.wfile.write(body[:limit])
        if limit < len(body):
            self.close_connection = True


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


def main():
    home, other = (Server(("127.0.0.1", 0), Handler) for _ in range(2))
    home.role, other.role = "home", "other"
    home.other = other.other = other.server_address[1]
    threading.Thread(target=other.serve_forever, daemon=True).start()
    temporary = os.path.join(root, "port.new")
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(str(home.server_address[1]))
    os.rename(temporary, os.path.join(root, "port"))
    home.serve_forever()


main()
