#!/bin/bash
# Runs a command on one Vulkan driver and no other.
# usage: on_driver.sh DRIVER COMMAND...      exit status 77 when the driver is not on this machine
#   lavapipe       Mesa's CPU driver
#   swiftshader    the CPU driver that ./check takes out of the package chromium-common
#   radv:FAMILY    Mesa's AMD compiler without a GPU: pipelines only (navi21, navi31, vega10, ...)
#   others         those of this machine that are none of the above, where one of them has a device
#   any            whatever the environment says
set -u
driver=${1:?usage: on_driver.sh DRIVER COMMAND...}
shift
icd=/usr/share/vulkan/icd.d
cache=${VIDI_CHECK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vidi-check}

use() { # MANIFEST
    if [[ ! -e $1 ]]; then
        echo "skipped: no $driver driver on this machine"
        exit 77
    fi
    export VK_DRIVER_FILES=$1 VK_ICD_FILENAMES=$1
}

first() { # FILES...: the first that exists
    for file; do [[ -e $file ]] && break; done
    echo "$file"
}

# Mesa brings a manifest for every GPU it knows; only some have a device here.
others() {
    local list='' folder file
    for folder in /etc/vulkan "${XDG_DATA_HOME:-$HOME/.local/share}/vulkan" /usr/local/share/vulkan \
        /usr/share/vulkan; do
        for file in "$folder"/icd.d/*.json; do
            [[ -e $file && $file != */lvp_icd.* ]] && list+=${list:+:}$file
        done
    done
    [[ -n $list ]] || return 1
    export VK_DRIVER_FILES=$list VK_ICD_FILENAMES=$list
    "${VIDI:?names the program}" devices >/dev/null 2>&1
}

case $driver in
others)
    others || {
        echo "skipped: lavapipe is the only Vulkan driver with a device on this machine"
        exit 77
    }
    ;;
any) ;;
lavapipe) use "$(first "$icd"/lvp_icd.*json)" ;;
swiftshader) use "$cache/swiftshader.json" ;;
radv:*)
    use "$(first "$icd"/radeon_icd.*json)"
    export RADV_FORCE_FAMILY=${driver#radv:} MESA_SHADER_CACHE_DISABLE=true
    ;;
*)
    echo "no driver '$driver'" >&2
    exit 2
    ;;
esac
exec "$@"
