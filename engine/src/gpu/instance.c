#include <stdio.h>
#include <string.h>

#include "gpu/inside.h"

static const char validation_layer[] = "VK_LAYER_KHRONOS_validation";

/* VK_EXT_layer_settings is younger than some headers; its numbers and layout are fixed. */
#ifndef VK_EXT_layer_settings
#define VK_EXT_LAYER_SETTINGS_EXTENSION_NAME             "VK_EXT_layer_settings"
#define VK_STRUCTURE_TYPE_LAYER_SETTINGS_CREATE_INFO_EXT ((VkStructureType)1000496000)
#define VK_LAYER_SETTING_TYPE_BOOL32_EXT                 0
typedef struct VkLayerSettingEXT {
    const char *pLayerName, *pSettingName;
    int type;
    uint32_t valueCount;
    const void *pValues;
} VkLayerSettingEXT;
typedef struct VkLayerSettingsCreateInfoEXT {
    VkStructureType sType;
    const void *pNext;
    uint32_t settingCount;
    const VkLayerSettingEXT *pSettings;
} VkLayerSettingsCreateInfoEXT;
#endif

void messages_hold(struct messages *m) { m->held = true; }

void messages_release(struct messages *m) {
    m->held = false;
    if (m->kept[0]) vd_log(m->ctx, VD_LOG_ERROR, "%s", m->kept);
    m->kept[0] = 0;
}

static VKAPI_ATTR VkBool32 VKAPI_CALL on_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                                 VkDebugUtilsMessageTypeFlagsEXT type,
                                                 const VkDebugUtilsMessengerCallbackDataEXT *data,
                                                 void *user) {
    (void)severity, (void)type;
    struct messages *m = user;
    const char *id = data->pMessageIdName ? data->pMessageIdName : "no id";
    atomic_fetch_add(&m->n, 1);
    if (!m->held) {
        vd_log(m->ctx, VD_LOG_ERROR, "validation: %s: %s", id, data->pMessage);
        return VK_FALSE;
    }
    pthread_mutex_lock(&m->lock);
    if (!m->kept[0]) snprintf(m->kept, sizeof m->kept, "validation: %s: %s", id, data->pMessage);
    pthread_mutex_unlock(&m->lock);
    return VK_FALSE;
}

/* Whether the loader (layer NULL) or a layer offers an instance extension. */
static vidi_status has_extension(struct arena *a, const char *layer, const char *name, bool *has) {
    *has = false;
    uint32_t n = 0;
    TRY_VK(a->ctx, vkEnumerateInstanceExtensionProperties, (layer, &n, NULL));
    VkExtensionProperties *list = arena_new(a, VkExtensionProperties, n);
    if (!list) return VIDI_E_MEMORY;
    TRY_VK(a->ctx, vkEnumerateInstanceExtensionProperties, (layer, &n, list));
    for (uint32_t i = 0; i < n; i++) *has |= strcmp(list[i].extensionName, name) == 0;
    return VIDI_OK;
}

static vidi_status has_layer(struct arena *a, const char *name, bool *has) {
    *has = false;
    uint32_t n = 0;
    TRY_VK(a->ctx, vkEnumerateInstanceLayerProperties, (&n, NULL));
    VkLayerProperties *list = arena_new(a, VkLayerProperties, n);
    if (!list) return VIDI_E_MEMORY;
    TRY_VK(a->ctx, vkEnumerateInstanceLayerProperties, (&n, list));
    for (uint32_t i = 0; i < n; i++) *has |= strcmp(list[i].layerName, name) == 0;
    return VIDI_OK;
}

/* What is asked of the loader; the parts point at each other, so it stays where it is. */
struct request {
    const char *extensions[4], *layers[1];
    VkApplicationInfo app;
    VkInstanceCreateInfo info;
    VkDebugUtilsMessengerCreateInfoEXT messenger;
    VkValidationFeatureEnableEXT enabled[1];
    VkValidationFeaturesEXT features;
    VkBool32 yes;
    VkLayerSettingEXT settings[1];
    VkLayerSettingsCreateInfoEXT layer_settings;
};

static void add_extension(struct request *r, const char *name) {
    r->extensions[r->info.enabledExtensionCount++] = name;
}

static vidi_status add_validation(struct arena *a, struct request *r) {
    bool has;
    TRY(has_layer(a, validation_layer, &has));
    if (!has)
        return vd_fail(a->ctx, VIDI_E_UNSUPPORTED,
                       "validation was asked for, but %s is not installed", validation_layer);
    r->layers[0] = validation_layer;
    r->info.enabledLayerCount = 1;
    r->enabled[0] = VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;
    r->features = (VkValidationFeaturesEXT){
        VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT, .pNext = r->info.pNext,
        .enabledValidationFeatureCount = 1, .pEnabledValidationFeatures = r->enabled};
    r->info.pNext = &r->features;
    TRY(has_extension(a, validation_layer, VK_EXT_LAYER_SETTINGS_EXTENSION_NAME, &has));
    if (!has) return VIDI_OK;
    /* Newer layers look at what shaders touch only when told so. */
    r->yes = VK_TRUE;
    r->settings[0] = (VkLayerSettingEXT){validation_layer, "syncval_shader_accesses_heuristic",
                                         VK_LAYER_SETTING_TYPE_BOOL32_EXT, 1, &r->yes};
    r->layer_settings = (VkLayerSettingsCreateInfoEXT){
        VK_STRUCTURE_TYPE_LAYER_SETTINGS_CREATE_INFO_EXT, r->info.pNext, 1, r->settings};
    r->info.pNext = &r->layer_settings;
    /* Loaders older than the extension refuse its name; the layer reads the chain all the same. */
    TRY(has_extension(a, NULL, VK_EXT_LAYER_SETTINGS_EXTENSION_NAME, &has));
    if (has) add_extension(r, VK_EXT_LAYER_SETTINGS_EXTENSION_NAME);
    return VIDI_OK;
}

static vidi_status prepare(struct arena *a, struct request *r, struct instance *in, bool validate,
                           bool labels) {
    uint32_t version = VK_API_VERSION_1_0;
    TRY_VK(a->ctx, vkEnumerateInstanceVersion, (&version));
    if (version < VK_API_VERSION_1_2)
        return vd_fail(a->ctx, VIDI_E_DEVICE,
                       "the Vulkan loader of this machine is of version %u.%u; 1.2 is needed",
                       VK_API_VERSION_MAJOR(version), VK_API_VERSION_MINOR(version));
    r->app = (VkApplicationInfo){
        VK_STRUCTURE_TYPE_APPLICATION_INFO, .pApplicationName = "vidi", .pEngineName = "vidi",
        .apiVersion = version < VK_API_VERSION_1_3 ? VK_API_VERSION_1_2 : VK_API_VERSION_1_3};
    r->info = (VkInstanceCreateInfo){VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                     .pApplicationInfo = &r->app, .ppEnabledLayerNames = r->layers,
                                     .ppEnabledExtensionNames = r->extensions};
    bool has = false;
    TRY(has_extension(a, NULL, VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME, &has));
    if (has) {
        add_extension(r, VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME);
        r->info.flags |= VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR;
    }
    if (validate) TRY(add_validation(a, r));
    if (validate || labels)
        TRY(has_extension(a, NULL, VK_EXT_DEBUG_UTILS_EXTENSION_NAME, &in->debug_utils));
    if (in->debug_utils) add_extension(r, VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
    if (!in->debug_utils || !validate) return VIDI_OK;
    r->messenger = (VkDebugUtilsMessengerCreateInfoEXT){
        VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
        .pNext = r->info.pNext,
        .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
                           VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
        .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
        .pfnUserCallback = on_message,
        .pUserData = &in->messages};
    r->info.pNext = &r->messenger;
    return VIDI_OK;
}

static vidi_status create(struct instance *in, struct vd_ctx *ctx, struct request *r) {
    const VkResult result = vkCreateInstance(&r->info, NULL, &in->handle);
    if (result == VK_ERROR_INCOMPATIBLE_DRIVER)
        return vd_fail(ctx, VIDI_E_DEVICE, "no Vulkan driver was found on this machine");
    if (result < 0) {
        in->handle = VK_NULL_HANDLE;
        return vk_fail(ctx, result, "vkCreateInstance");
    }
    if (!r->messenger.sType) return VIDI_OK;
    const PFN_vkCreateDebugUtilsMessengerEXT create_messenger =
        (PFN_vkCreateDebugUtilsMessengerEXT)vkGetInstanceProcAddr(in->handle,
                                                                  "vkCreateDebugUtilsMessengerEXT");
    r->messenger.pNext = NULL;
    TRY_MAKE(ctx, in->messenger, create_messenger,
             (in->handle, &r->messenger, NULL, &in->messenger));
    return VIDI_OK;
}

vidi_status instance_open(struct instance *in, struct vd_ctx *ctx, bool validate, bool labels) {
    in->messages.ctx = ctx;
    pthread_mutex_init(&in->messages.lock, NULL);
    struct arena a;
    arena_open(&a, ctx);
    struct request r = {0};
    vidi_status status = prepare(&a, &r, in, validate, labels);
    if (status == VIDI_OK) status = create(in, ctx, &r);
    arena_close(&a);
    return status;
}

void instance_leave(struct instance *in) {
    if (!in->messenger) return;
    const PFN_vkDestroyDebugUtilsMessengerEXT destroy =
        (PFN_vkDestroyDebugUtilsMessengerEXT)vkGetInstanceProcAddr(
            in->handle, "vkDestroyDebugUtilsMessengerEXT");
    destroy(in->handle, in->messenger, NULL);
    in->messenger = VK_NULL_HANDLE;
}

void instance_close(struct instance *in) {
    if (!in->messages.ctx) return;
    instance_leave(in);
    if (in->handle) vkDestroyInstance(in->handle, NULL);
    pthread_mutex_destroy(&in->messages.lock);
    *in = (struct instance){0};
}
