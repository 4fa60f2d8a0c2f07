#!/bin/bash
# Compilers for GPUs that only Debian sid carries: NVIDIA (NVK, with static cycle counts), Adreno
# (Turnip) and Apple (Honeykrisp), each without its hardware by mesa-drm-shim.
# usage: sid.sh setup              makes the sid folder (root, a network, about two minutes, 1.5 GB)
#        sid.sh run TARGET VIDI    `VIDI shaders --target TARGET` there, held against budget.txt;
#                                  exit status 77 without the folder
# The folder is $VIDI_SID, by default ~/.cache/vidi-sid. It appears only when it is whole.
set -u
sid=${VIDI_SID:-$HOME/.cache/vidi-sid}
lib=usr/lib/$(uname -m)-linux-gnu
here=$(dirname "$0")

is_whole() {
    [[ -e $1/$lib/libnouveau_noop_drm_shim.so && -e $1/$lib/libvulkan.so.1 &&
        -e $1/usr/share/vulkan/icd.d/nouveau_icd.json ]]
}

mirror() {
    grep -ohsE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d/*.sources \
        /etc/apt/sources.list.d/*.list | head -n 1
}

install_drivers() { # FOLDER
    cp -n /etc/apt/apt.conf.d/* "$1/etc/apt/apt.conf.d/" 2>/dev/null
    cp /etc/resolv.conf "$1/etc/resolv.conf"
    chroot "$1" apt-get update -q && DEBIAN_FRONTEND=noninteractive chroot "$1" \
        apt-get install -q -y --no-install-recommends mesa-vulkan-drivers mesa-drm-shim libvulkan1
}

# What debootstrap mounts is gone with its mount namespace.
setup() {
    local part=$sid.part url
    is_whole "$sid" && return 0
    if ((EUID != 0)); then
        echo "only root can make a sid folder"
        return 1
    fi
    if [[ -x $sid/usr/bin/apt-get ]]; then
        install_drivers "$sid"
        return
    fi
    url=$(mirror)
    if [[ -z $url ]]; then
        echo "apt names no mirror to make a sid folder from"
        return 1
    fi
    if grep -q " $part/" /proc/self/mounts; then
        echo "$part: something is mounted there"
        return 1
    fi
    mkdir -p "$(dirname "$sid")" && rm -rf --one-file-system "$part" || return 1
    unshare --mount debootstrap --variant=minbase sid "$part" \
        "$url" && install_drivers "$part" &&
        is_whole "$part" && mv -T "$part" "$sid"
}

# Libraries of the program that the folder lacks, or has by another name, travel with it.
run() {
    local target=$1 program=$2 place=$sid/vidi/$1 from
    if ((EUID != 0)) || ! is_whole "$sid" || ! unshare --mount true; then
        echo "skipped: no sid folder at $sid (tests/shaders/sid.sh setup makes it), or not root"
        exit 77
    fi
    rm -rf "$place" && mkdir -p "$place/lib" && cp "$program" "$place/vidi" || exit 1
    while read -r from; do
        [[ -e $sid/$lib/${from##*/} ]] || cp "$from" "$place/lib/" || exit 1
    done < <(ldd "$program" | awk '$2 == "=>" { print $3 }')
    # vidi starts itself again, by /proc; the mount is gone with its namespace.
    # shellcheck disable=SC2016
    exec python3 "$here/budget.py" "$target" "$here/budget.txt" unshare --mount \
        sh -c 'mount --bind /proc "$1/proc" && exec chroot "$@"' sh "$sid" /usr/bin/env \
        LD_LIBRARY_PATH="/vidi/$target/lib" HOME=/tmp \
        "/vidi/$target/vidi" shaders --target "$target" --json
}

case $#:${1:-} in
1:setup) setup ;;
3:run) run "$2" "$3" ;;
*)
    sed -n '2,8p' "$0"
    exit 2
    ;;
esac
