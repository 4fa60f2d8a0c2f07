#!/usr/bin/env bash
# What is installed works without the build: the programs find each other, and a program of somebody
# else is built against the library through pkg-config.
. "${BASH_SOURCE%/*}/cli.sh"
command -v pkg-config >/dev/null || { echo "pkg-config is missing"; exit 77; }
build=${VIDI%/*}
to=$tmp/usr
quiet() { "$@" >"$tmp/out" 2>"$tmp/err"; }
check installed -- quiet cmake --install "$build" --prefix "$to"
VIDI=$to/bin/vidi
works ask tests/families/picturebook/picture.png "What is this?" -n 4
[ ! -e "$build/vidi-view" ] || check the window -- test -x "$to/bin/vidi-view"
fails 3 'no-such.gguf' watch test -m no-such.gguf # its own program answers

export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$to" -name vidi.pc)")
read -ra flags <<<"$(pkg-config --cflags --libs vidi)"
read -ra more <<<"${VIDI_LINK_FLAGS:-}"
check compiled -- quiet "${CC:-cc}" -std=c11 -Wall -Werror "${more[@]}" -o "$tmp/ask" examples/ask.c "${flags[@]}"
check answered -- quiet "$tmp/ask" tests/families/picturebook/picture.png "What is this?"
check words -- test -s "$tmp/out"
if command -v desktop-file-validate >/dev/null && [ -e "$to/share/applications/vidi.desktop" ]; then
    check a good desktop file -- desktop-file-validate "$to/share/applications/vidi.desktop"
fi
finish
