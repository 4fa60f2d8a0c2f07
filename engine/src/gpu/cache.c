#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/replace.h"
#include "gpu/inside.h"

/* A damaged pipeline cache may crash a driver, so nothing of the file reaches it unless all of
 * this agrees. */
struct cache_head {
    char magic[8];
    uint32_t version, vendor, device, driver;
    uint8_t uuid[VK_UUID_SIZE];
    uint64_t bytes, hash; /* of what follows */
};
_Static_assert(sizeof(struct cache_head) == 56, "the head has no holes");

enum { CACHE_VERSION = 1, LARGEST_CACHE = 256 << 20 };

static struct cache_head make_head(const struct gpu *gpu, const void *data, uint64_t bytes) {
    const VkPhysicalDeviceProperties *p = &gpu->probe.properties;
    struct cache_head head = {.magic = "VIDIPIPE",
                              .version = CACHE_VERSION,
                              .vendor = p->vendorID,
                              .device = p->deviceID,
                              .driver = p->driverVersion,
                              .bytes = bytes,
                              .hash = hash_bytes(data, bytes)};
    memcpy(head.uuid, gpu->probe.cache_uuid, sizeof head.uuid);
    return head;
}

/* What the driver wrote begins with its own head, which must be of this device too. */
static bool is_ours(const struct gpu *gpu, const char *file, uint64_t bytes) {
    struct cache_head head;
    if (bytes < sizeof head + sizeof(VkPipelineCacheHeaderVersionOne)) return false;
    const char *data = file + sizeof head;
    const uint64_t data_bytes = bytes - sizeof head;
    const struct cache_head want = make_head(gpu, data, data_bytes);
    memcpy(&head, file, sizeof head);
    if (memcmp(&head, &want, sizeof head) != 0) return false;
    VkPipelineCacheHeaderVersionOne inner;
    memcpy(&inner, data, sizeof inner);
    return inner.headerSize >= sizeof inner && inner.headerSize <= data_bytes &&
           inner.headerVersion == VK_PIPELINE_CACHE_HEADER_VERSION_ONE &&
           inner.vendorID == want.vendor && inner.deviceID == want.device &&
           memcmp(inner.pipelineCacheUUID, want.uuid, sizeof want.uuid) == 0;
}

/* The bytes of a plain file that belongs to this user; NULL: there is none, or it is no good. */
static char *read_file(struct gpu *gpu, const char *path, uint64_t *bytes) {
    /* Without O_NONBLOCK the opening of a FIFO waits for a writer. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return NULL;
    struct stat st;
    char *data = NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_size >= 0 &&
        st.st_size <= LARGEST_CACHE)
        data = vd_alloc(gpu->ctx, (uint64_t)st.st_size);
    *bytes = 0;
    while (data && *bytes < (uint64_t)st.st_size) {
        const ssize_t n = read(fd, data + *bytes, (size_t)st.st_size - *bytes);
        if (n <= 0) break;
        *bytes += (uint64_t)n;
    }
    close(fd);
    return data;
}

static vidi_status make_cache(struct gpu *gpu, const void *data, uint64_t bytes) {
    const VkPipelineCacheCreateInfo info = {VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
                                            .initialDataSize = bytes, .pInitialData = data};
    TRY_MAKE(gpu->ctx, gpu->pipelines.cache, vkCreatePipelineCache,
             (gpu->device, &info, NULL, &gpu->pipelines.cache));
    return VIDI_OK;
}

static vidi_status name_file(struct gpu *gpu, const char *dir) {
    const VkPhysicalDeviceProperties *p = &gpu->probe.properties;
    char uuid[2 * VK_UUID_SIZE + 1];
    for (uint32_t i = 0; i < VK_UUID_SIZE; i++)
        snprintf(uuid + 2 * (size_t)i, 3, "%02x", gpu->probe.cache_uuid[i]);
    gpu->pipelines.cache_path = arena_print(&gpu->arena, "%s/%08x-%08x-%08x-%s.pipelines", dir,
                                            p->vendorID, p->deviceID, p->driverVersion, uuid);
    return gpu->pipelines.cache_path ? VIDI_OK : VIDI_E_MEMORY;
}

vidi_status cache_open(struct gpu *gpu, const char *dir) {
    if (!dir) return make_cache(gpu, NULL, 0);
    TRY(name_file(gpu, dir));
    uint64_t bytes;
    char *file = read_file(gpu, gpu->pipelines.cache_path, &bytes);
    if (!file) return make_cache(gpu, NULL, 0);
    vidi_status status = VIDI_E_FORMAT;
    const char *data = file + sizeof(struct cache_head);
    if (is_ours(gpu, file, bytes)) {
        gpu->pipelines.cache_hash = hash_bytes(data, bytes - sizeof(struct cache_head));
        status = make_cache(gpu, data, bytes - sizeof(struct cache_head));
    } else
        vd_log(gpu->ctx, VD_LOG_WARN, "%s is damaged or of another driver; it is not used",
               gpu->pipelines.cache_path);
    vd_free(gpu->ctx, file);
    return status == VIDI_OK ? VIDI_OK : make_cache(gpu, NULL, 0);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void make_folders(char *path) {
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
}

static void write_file(struct gpu *gpu, const void *data, uint64_t bytes) {
    char *path = gpu->pipelines.cache_path;
    struct replace *r = vd_alloc(gpu->ctx, sizeof *r);
    if (!r) return;
    make_folders(path);
    const struct cache_head head = make_head(gpu, data, bytes);
    if (!replace_open(r, path, 0600) || !replace_write(r, &head, sizeof head) ||
        !replace_write(r, data, bytes) || !replace_done(r))
        vd_log(gpu->ctx, VD_LOG_WARN, "%s could not be written: %s", path, r->why);
    vd_free(gpu->ctx, r);
}

void cache_save(struct gpu *gpu) {
    struct pipelines *p = &gpu->pipelines;
    if (!p->cache_path || !p->cache || !p->grown) return;
    size_t bytes = 0;
    VkResult r = vkGetPipelineCacheData(gpu->device, p->cache, &bytes, NULL);
    if (r < 0 || !bytes || bytes > LARGEST_CACHE) return;
    void *data = vd_alloc(gpu->ctx, bytes);
    if (!data) return;
    r = vkGetPipelineCacheData(gpu->device, p->cache, &bytes, data);
    if (r == VK_SUCCESS && hash_bytes(data, bytes) != p->cache_hash) write_file(gpu, data, bytes);
    vd_free(gpu->ctx, data);
}
