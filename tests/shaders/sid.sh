#!/bin/bash
# The shaders as compilers for GPUs see them that only Debian sid carries: NVIDIA (NVK, with static
# cycle counts), Adreno (Turnip) and Apple (Honeykrisp), each without its hardware by mesa-drm-shim.
# usage: sid.sh setup              makes the sid folder (root, a network, about two minutes, 1.5 GB)
#        sid.sh run PROGRAM [TARGET...]   PROGRAM: vidi_shader_stats; exit status 77 without the folder
# The folder is $VIDI_SID, by default ~/.cache/vidi-sid.
set -u
sid=${VIDI_SID:-$HOME/.cache/vidi-sid}
lib=/usr/lib/x86_64-linux-gnu icd=/usr/share/vulkan/icd.d
budget=$(dirname "$0")/budget.txt

# TARGET  what makes the driver believe in that GPU
targets="
volta     VK_DRIVER_FILES=$icd/nouveau_icd.json LD_PRELOAD=$lib/libnouveau_noop_drm_shim.so NOUVEAU_CHIPSET=140
turing    VK_DRIVER_FILES=$icd/nouveau_icd.json LD_PRELOAD=$lib/libnouveau_noop_drm_shim.so NOUVEAU_CHIPSET=164
ampere    VK_DRIVER_FILES=$icd/nouveau_icd.json LD_PRELOAD=$lib/libnouveau_noop_drm_shim.so NOUVEAU_CHIPSET=174
ada       VK_DRIVER_FILES=$icd/nouveau_icd.json LD_PRELOAD=$lib/libnouveau_noop_drm_shim.so NOUVEAU_CHIPSET=194
adreno730 VK_DRIVER_FILES=$icd/freedreno_icd.json LD_PRELOAD=$lib/libfreedreno_noop_drm_shim.so FD_GPU_ID=730
apple     VK_DRIVER_FILES=$icd/asahi_icd.json LD_PRELOAD=$lib/libasahi_noop_drm_shim.so
"

setup() {
    set -e
    command -v debootstrap >/dev/null || apt-get install -q -y --no-install-recommends debootstrap
    [[ -x $sid/usr/bin/apt-get ]] ||
        debootstrap --variant=minbase sid "$sid" http://deb.debian.org/debian
    cp -n /etc/apt/apt.conf.d/* "$sid/etc/apt/apt.conf.d/" 2>/dev/null || true
    cp /etc/resolv.conf "$sid/etc/resolv.conf"
    chroot "$sid" apt-get update -q
    DEBIAN_FRONTEND=noninteractive chroot "$sid" apt-get install -q -y --no-install-recommends \
        mesa-vulkan-drivers mesa-drm-shim libvulkan1
}

run() {
    local program=${1:?sid.sh run PROGRAM} status=0 line target
    shift
    if [[ ! -x $sid/usr/bin/apt-get || $EUID -ne 0 ]]; then
        echo "skipped: no sid folder at $sid (tests/shaders/sid.sh setup makes it), or not root"
        exit 77
    fi
    mkdir -p "$sid/vidi"
    cp "$program" "$sid/vidi/stats" && cp "$budget" "$sid/vidi/budget.txt" || exit 1
    while read -r target line; do
        [[ -n $target ]] || continue
        (($# == 0)) || [[ " $* " == *" $target "* ]] || continue
        # shellcheck disable=SC2086
        chroot "$sid" /usr/bin/env $line /vidi/stats "$target" /vidi/budget.txt </dev/null
        case $? in
        0) ;;
        77) echo "$target: its driver shows no device here" ;;
        *) status=1 ;;
        esac
    done <<<"$targets"
    exit $status
}

case ${1:-} in
setup | run) "$@" ;;
*)
    sed -n '2,7p' "$0"
    exit 2
    ;;
esac
