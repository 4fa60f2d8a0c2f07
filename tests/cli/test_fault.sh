#!/usr/bin/env bash
# What the driver refuses while vidi works: one sentence, the exit code, nothing on stdout. The layer
# of tests/gpu/layer makes the calls fail; without it there is nothing to fail.
. "${BASH_SOURCE%/*}/cli.sh"
with_fault_layer || { echo "skipped: the layer that makes calls fail was not built" && exit 77; }
need_model
picture "$tmp/a.ppm" 64 48

export VIDI_FAULT_FILE="$tmp/fault"

# fault CODE REGEX WORDS: what fails, as fault_layer.h has it; the program ends with CODE
fault() {
    local code=$1 regex=$2
    shift 2
    echo "$*" >"$VIDI_FAULT_FILE"
    fails "$code" "$regex" ask -n 4 "$tmp/a.ppm" 'What is it?'
    [ "${2:-}" = always ] || check "$1 was called" -- test ! -e "$VIDI_FAULT_FILE"
    rm -f "$VIDI_FAULT_FILE"
}
works ask -n 4 "$tmp/a.ppm" 'What is it?'
fault 4 '^vidi: the device was lost \(vkQueueSubmit: VK_ERROR_DEVICE_LOST\)$' vkQueueSubmit
fault 4 '^vidi: the device was lost \(vkWaitSemaphores: VK_ERROR_DEVICE_LOST\)$' vkWaitSemaphores
fault 5 '^vidi: .* could not be opened: vkCreateDevice failed: VK_ERROR_OUT_OF_HOST_MEMORY$' vkCreateDevice
fault 5 '^vidi: kernel .* could not be compiled: vkCreateComputePipelines failed: VK_ERROR_OUT_OF_HOST_MEMORY$' \
    vkCreateComputePipelines
had='^vidi: buffer .* of [0-9]+ bytes cannot be had: there is not enough memory'
fault 5 "$had .vkAllocateMemory: VK_ERROR_OUT_OF_DEVICE_MEMORY.\$" vkAllocateMemory always
fault 5 "$had .vkCreateBuffer: VK_ERROR_OUT_OF_DEVICE_MEMORY.\$" vkCreateBuffer
# A driver that hangs keeps what it has.
ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" \
    fault 4 '^vidi: .* has not finished its work after 300 seconds: its driver hangs$' hang
works ask -n 4 "$tmp/a.ppm" 'What is it?'

# What the validation layer says is told, and ends in another exit code.
if [ -n "${VIDI_TEST_VALIDATE:-}" ]; then
    echo barriers always >"$VIDI_FAULT_FILE"
    "$VIDI" ask -n 1 "$tmp/a.ppm" 'What is it?' >"$tmp/out" 2>"$tmp/err" </dev/null
    code=$?
    check a missing barrier is told -- grep -q '^vidi: error: validation: SYNC-HAZARD' "$tmp/err"
    check and is a failure -- test "$code" -eq 1
    rm "$VIDI_FAULT_FILE"
    unset VK_LAYER_PATH VK_ADD_LAYER_PATH VK_INSTANCE_LAYERS
    VK_LAYER_PATH=$tmp fails 4 'validation was asked for, but VK_LAYER_KHRONOS_validation is not installed' \
        ask hello
fi
finish
