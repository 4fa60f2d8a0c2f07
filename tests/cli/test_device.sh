#!/usr/bin/env bash
# Devices: the list, one that is not there, and a machine without any driver.
. "${BASH_SOURCE%/*}/cli.sh"

works devices --json
n=$(json 'devices.#')
check a device to test with -- test "$n" -ge 1
for field in name vendor type driver memory_bytes api_version subgroup_size usable reason features \
    default kernels index; do
    check "devices have $field" -- json devices.0.$field
done
check a known type -- grep -Eqx 'discrete|integrated|virtual|cpu|other' <<<"$(json devices.0.type)"
name=$(json devices.0.name)
works devices
check named in the list -- grep -qF "$name" "$tmp/out"
check the kernels counted -- grep -Eq 'kernels +[0-9]+ of [0-9]+ run here' "$tmp/out"
check no colours in a pipe -- test -z "$(tr -dc '\033' <"$tmp/out")"

fails 4 'Voodoo' ask --device 'Voodoo 2' hello
fails 4 '99' ask --device 99 hello
VIDI_DEVICE='Voodoo 2' fails 4 'Voodoo' ask hello
fails 4 'Voodoo' bench --device 'Voodoo 2'
fails 4 'Voodoo' kernels --device 'Voodoo 2'
fails 4 'Voodoo' shaders --device 'Voodoo 2'
fails 2 'no target navy21; did you mean navi21\?' shaders --target navy21
fails 2 'no target zzzzzzzz; `vidi help shaders` lists them' shaders --target zzzzzzzz
fails 2 'sillyword' ask --debug sillyword hello
VIDI_DEBUG=sillyword fails 2 'sillyword' ask hello

export VK_DRIVER_FILES=/nonexistent/driver.json VK_ICD_FILENAMES=/nonexistent/driver.json
picture "$tmp/p.ppm" 4 4
fails 4 '[Vv]ulkan' ask "$tmp/p.ppm" hello
fails 4 '[Vv]ulkan' ask --json hello
fails 4 '[Vv]ulkan' chat
fails 4 '[Vv]ulkan' devices
fails 4 '[Vv]ulkan' devices --json
fails 4 '[Vv]ulkan' bench
works kernels
check the table without a device -- grep -q 'kernels on no device' "$tmp/out"
works version
finish
