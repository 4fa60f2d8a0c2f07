#include <stdarg.h>
#include <stdio.h>

#include "gpu/inside.h"

void debug_name(struct gpu *gpu, VkObjectType type, uint64_t handle, const char *fmt, ...) {
    if (!gpu->set_name) return;
    char name[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(name, sizeof name, fmt, args);
    va_end(args);
    const VkDebugUtilsObjectNameInfoEXT info = {VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT,
                                                .objectType = type, .objectHandle = handle,
                                                .pObjectName = name};
    const VkResult r = gpu->set_name(gpu->device, &info);
    if (r < 0) vd_log(gpu->ctx, VD_LOG_WARN, "\"%s\" got no label: %s", name, vk_result_name(r));
}

void debug_label_begin(struct gpu *gpu, VkCommandBuffer cmd, const char *label) {
    if (!gpu->begin_label) return;
    const VkDebugUtilsLabelEXT info = {VK_STRUCTURE_TYPE_DEBUG_UTILS_LABEL_EXT,
                                       .pLabelName = label};
    gpu->begin_label(cmd, &info);
}

void debug_label_end(struct gpu *gpu, VkCommandBuffer cmd) {
    if (gpu->end_label) gpu->end_label(cmd);
}
