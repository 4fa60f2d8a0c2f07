#include <string.h>

#include "chat/internal.h"
#include "vidi/inspect.h"

/* The one table of debug words; both the parser and the list of them are made from it. */
#define OPTIONS(X)                                                      \
    X(validate, "the Vulkan validation layer, its messages to the log") \
    X(labels, "names and labels for graphics debuggers")                \
    X(profile, "a timestamp behind every dispatch")                     \
    X(robust, "robust buffer access")                                   \
    X(separate, "every tensor in a buffer of its own")                  \
    X(apart, "gates, and what they gate, as products of their own")     \
    X(kv_f32, "the cache of keys and values in 32 bits")

#define ROW(name, what) {#name, offsetof(struct debug, name)},
static const struct {
    const char *name;
    size_t at;
} options[] = {OPTIONS(ROW)};
enum { N_OPTIONS = sizeof options / sizeof *options };

vidi_status debug_parse(struct vd_ctx *ctx, const char *words, struct debug *out) {
    *out = (struct debug){0};
    for (const char *at = words ? words : ""; *at;) {
        const size_t len = strcspn(at, ",");
        size_t i = 0;
        while (i < N_OPTIONS &&
               (strlen(options[i].name) != len || strncmp(options[i].name, at, len) != 0))
            i++;
        if (i == N_OPTIONS && len)
            return vd_fail(ctx, VIDI_E_ARGUMENT, "debug: '%.*s' is not a known word", (int)len, at);
        if (len) *(bool *)((char *)out + options[i].at) = true;
        at += len;
        at += *at == ',';
    }
    return VIDI_OK;
}

#define LINE(name, what) #name " - " what "\n"
const char *vidi_debug_options(void) { return OPTIONS(LINE); }
