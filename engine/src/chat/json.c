#include "chat/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

/* Room for every byte as <0xNN>. */
static size_t printable(const char *bytes, uint64_t len, char *out) {
    size_t n = 0;
    for (uint64_t i = 0; i < len;) {
        utf8proc_int32_t code;
        const utf8proc_ssize_t step = utf8proc_iterate((const utf8proc_uint8_t *)bytes + i,
                                                       (utf8proc_ssize_t)(len - i), &code);
        if (step > 0 && code) {
            memcpy(out + n, bytes + i, (size_t)step);
            n += (size_t)step;
            i += (uint64_t)step;
        } else {
            n += (size_t)sprintf(out + n, "<0x%02X>", (unsigned char)bytes[i++]);
        }
    }
    out[n] = 0;
    return n;
}

json_t *json_bytes(const char *bytes, uint64_t len) {
    char *text = len < 1u << 28 ? malloc(len * 6 + 1) : NULL;
    if (!text) return json_null();
    const size_t n = printable(bytes, len, text);
    json_t *s = json_stringn(text, n);
    free(text);
    return s;
}

char *json_key(struct vd_ctx *ctx, struct str s) {
    char *text = vd_alloc(ctx, s.len * 6 + 1);
    if (text) printable(s.ptr, s.len, text);
    return text;
}

json_t *json_number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

vidi_status json_text(struct vd_ctx *ctx, json_t *doc, char **out) {
    char *dumped = doc ? json_dumps(doc, JSON_REAL_PRECISION(9)) : NULL;
    json_decref(doc);
    *out = NULL;
    if (!dumped) return vd_fail(ctx, VIDI_E_MEMORY, "out of memory for a document");
    *out = vd_alloc(ctx, strlen(dumped) + 1);
    if (*out) memcpy(*out, dumped, strlen(dumped) + 1);
    free(dumped);
    return *out ? VIDI_OK : VIDI_E_MEMORY;
}
