# shellcheck shell=bash disable=SC2034
# packages.sh - what ./demo and ./check install; read by them with `.`. Debian 12.
#
#     need_packages NAME...   installs those that are missing; asks for sudo only then, and not as root
#     quietly WHAT COMMAND... one line when it worked, the end of its output when it did not
#
# They are in the repository's root when they read this. Nothing here reads the keyboard, except
# sudo when it must.

build_packages=(build-essential cmake ninja-build pkg-config glslc libvulkan-dev libjansson-dev
    libpcre2-dev libutf8proc-dev libstb-dev libjpeg62-turbo-dev libwebp-dev libtiff-dev
    libgif-dev libheif-dev libedit-dev libcurl4-openssl-dev libssl-dev
    libavdevice-dev libavformat-dev libavcodec-dev libswscale-dev libsdl2-dev libpango1.0-dev
    libportal-dev)
test_packages=(libcmocka-dev clang libclang-rt-14-dev llvm clang-format vulkan-validationlayers
    spirv-tools python3 python3-pip dbus-daemon xvfb xdotool xclip ffmpeg sway wtype
    wl-clipboard debootstrap fonts-dejavu-core fonts-droid-fallback fonts-noto-color-emoji)

start_of_script=$SECONDS
logs=$PWD/build/log
mkdir -p "$logs"

stage() { printf '%4d s  %s\n' $((SECONDS - start_of_script)) "$*"; }

stop() {
    echo "$0: $*" >&2
    exit 1
}

quietly() {
    local what=$1 log
    log=$(tr -cs 'a-zA-Z0-9' '_' <<<"$1")
    log=$logs/${log:0:100}.log
    shift
    if ("$@") >"$log" 2>&1 </dev/null; then
        stage "$what"
        return 0
    fi
    tail -n 40 "$log" >&2
    stop "$what: failed; all of it is in $log"
}

as_root() {
    if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

have_package() { [[ $(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) == "install ok installed" ]]; }

# Another apt may be at work, such as a new machine's own updates: it is waited for.
apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 "$@"
}

# Lists older than a day, or none at all, do not know what can be downloaded now.
fresh_lists() {
    [[ -n $(find /var/lib/apt/lists -name '*_Packages*' -mtime -1 -print -quit 2>/dev/null) ]] ||
        apt_get update
}

need_packages() {
    local missing=() name
    for name; do have_package "$name" || missing+=("$name"); done
    ((${#missing[@]})) || return 0
    command -v apt-get >/dev/null || stop "apt-get is missing; install by hand: ${missing[*]}"
    ((EUID == 0)) || sudo -v || stop "sudo is needed to install: ${missing[*]}"
    quietly "package lists" fresh_lists
    quietly "installed ${missing[*]}" apt_get install --no-install-recommends "${missing[@]}"
}
