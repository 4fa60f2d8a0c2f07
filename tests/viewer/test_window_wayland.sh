#!/bin/bash
# The window on Wayland: pictures and text are pasted, an answer comes, the compositor closes it.
# usage: test_window_wayland.sh VIDI_VIEW X_DROP
for tool in sway swaymsg wl-copy wtype setpriv; do
    command -v $tool >/dev/null || { echo "$tool is missing"; exit 77; }
done
# shellcheck source=tests/viewer/window.sh
. "${0%/*}/window.sh"

# A compositor without a screen. It refuses to be root's, and sockets want short names that it may reach.
XDG_RUNTIME_DIR=$(mktemp -d /tmp/vidi-wayland.XXXXXX)
trash+=("$XDG_RUNTIME_DIR")
export XDG_RUNTIME_DIR WLR_BACKENDS=headless WLR_LIBINPUT_NO_DEVICES=1 WLR_RENDERER=pixman
printf 'output HEADLESS-1 resolution 1280x800\nxwayland disable\n' >"$XDG_RUNTIME_DIR/config"
as=()
if ((EUID == 0)); then
    as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    chown -R 65534 "$XDG_RUNTIME_DIR"
fi
"${as[@]}" sway -c "$XDG_RUNTIME_DIR/config" >"$work/sway.out" 2>&1 &
pids+=($!)
for _ in {1..200}; do
    display=$(compgen -G "$XDG_RUNTIME_DIR/wayland-*" | grep -v lock | head -n 1)
    SWAYSOCK=$(compgen -G "$XDG_RUNTIME_DIR/sway-ipc.*" | head -n 1)
    [[ $display && $SWAYSOCK ]] && break
    sleep 0.05
done
[[ $display && $SWAYSOCK ]] || { cat "$work/sway.out"; echo "sway does not run here"; exit 77; }
export WAYLAND_DISPLAY=${display##*/} SWAYSOCK SDL_VIDEODRIVER=wayland

# The seat keeps a keyboard for the whole test: where the first one comes with a key that is down already, SDL 2.26
# reads a keymap it has freed (keyboards with unnamed layouts only, as wtype's), and it may lose that key.
wtype -s 3600000 &
pids+=($!)

# Again until it is seen: a keyboard that came this moment may not be heard.
press_until() { # PATTERN N WTYPE-ARGUMENTS...
    local pattern=$1 n=$2
    shift 2
    for _ in {1..20}; do
        wtype "$@"
        for _ in {1..30}; do
            (($(count "$pattern") >= n)) && return
            sleep 0.1
        done
    done
    fail "$pattern did not come"
}

# SDL's own way to Wayland leaks; that we do not, the tests on X11 see.
export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
start wayland "$picture" -p "What is this?"
await '"ev":"answer","id":1,"state":"done"'

echo "a picture through the clipboard"
wl-copy --type image/png <docs/pictures/live.png
press_until '"ev":"picture".*"name":"pasted picture","width":1280,"height":800' 1 -M ctrl -k v -m ctrl

echo "text through the clipboard, and sent"
wl-copy 'Qué es 画面?'
press_until '"ev":"pasted","bytes":0,"text":true' 1 -M ctrl -k v -m ctrl
press_until '"ev":"question","id":2,"text":"Qué es 画面' 1 -k Return
await '"ev":"answer","id":2,"state":"done"'
grep '"ev":"answer","id":2' "$log" | grep -q '"image_tokens":24' || fail "the new picture was not encoded"

echo "closed by the compositor"
swaymsg "[pid=$pid] kill" >/dev/null
ended 0
grep -q '"ev":"closed"' "$log" || fail "it did not end well"
