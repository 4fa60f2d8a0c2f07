#include "gpu/inside.h"

static const struct {
    VkResult result;
    const char *name;
    vidi_status status;
} results[] = {
    {VK_SUCCESS, "VK_SUCCESS", VIDI_OK},
    {VK_TIMEOUT, "VK_TIMEOUT", VIDI_E_DEVICE},
    {VK_ERROR_OUT_OF_HOST_MEMORY, "VK_ERROR_OUT_OF_HOST_MEMORY", VIDI_E_MEMORY},
    {VK_ERROR_OUT_OF_DEVICE_MEMORY, "VK_ERROR_OUT_OF_DEVICE_MEMORY", VIDI_E_MEMORY},
    {VK_ERROR_MEMORY_MAP_FAILED, "VK_ERROR_MEMORY_MAP_FAILED", VIDI_E_MEMORY},
    {VK_ERROR_OUT_OF_POOL_MEMORY, "VK_ERROR_OUT_OF_POOL_MEMORY", VIDI_E_MEMORY},
    {VK_ERROR_FRAGMENTED_POOL, "VK_ERROR_FRAGMENTED_POOL", VIDI_E_MEMORY},
    {VK_ERROR_FRAGMENTATION, "VK_ERROR_FRAGMENTATION", VIDI_E_MEMORY},
    {VK_ERROR_TOO_MANY_OBJECTS, "VK_ERROR_TOO_MANY_OBJECTS", VIDI_E_MEMORY},
    {VK_ERROR_DEVICE_LOST, "VK_ERROR_DEVICE_LOST", VIDI_E_DEVICE},
    {VK_ERROR_INITIALIZATION_FAILED, "VK_ERROR_INITIALIZATION_FAILED", VIDI_E_DEVICE},
    {VK_ERROR_LAYER_NOT_PRESENT, "VK_ERROR_LAYER_NOT_PRESENT", VIDI_E_DEVICE},
    {VK_ERROR_EXTENSION_NOT_PRESENT, "VK_ERROR_EXTENSION_NOT_PRESENT", VIDI_E_DEVICE},
    {VK_ERROR_FEATURE_NOT_PRESENT, "VK_ERROR_FEATURE_NOT_PRESENT", VIDI_E_DEVICE},
    {VK_ERROR_INCOMPATIBLE_DRIVER, "VK_ERROR_INCOMPATIBLE_DRIVER", VIDI_E_DEVICE},
    {VK_ERROR_INVALID_EXTERNAL_HANDLE, "VK_ERROR_INVALID_EXTERNAL_HANDLE", VIDI_E_MEMORY},
    {VK_ERROR_UNKNOWN, "VK_ERROR_UNKNOWN", VIDI_E_DEVICE},
};
enum { N_RESULTS = sizeof results / sizeof results[0] };

const char *vk_result_name(VkResult r) {
    for (int i = 0; i < N_RESULTS; i++)
        if (results[i].result == r) return results[i].name;
    return "an unknown result";
}

vidi_status vk_status(VkResult r) {
    for (int i = 0; i < N_RESULTS; i++)
        if (results[i].result == r) return results[i].status;
    return VIDI_E_DEVICE;
}

vidi_status vk_fail(struct vd_ctx *ctx, VkResult r, const char *call) {
    const vidi_status status = vk_status(r);
    const char *what = status == VIDI_E_MEMORY     ? "there is not enough memory"
                       : r == VK_ERROR_DEVICE_LOST ? "the device was lost"
                                                   : "the driver failed";
    return vd_fail(ctx, status, "%s (%s: %s)", what, call, vk_result_name(r));
}
