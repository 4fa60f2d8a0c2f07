#include "io/json_file.h"

#include <string.h>

#include "base/json_cost.h"
#include "io/kind.h"

static bool begins(const unsigned char *text, uint64_t bytes, const char *with, uint64_t n) {
    return bytes >= n && memcmp(text, with, n) == 0;
}

static vidi_status parse(struct vd_ctx *ctx, const char *path, const char *text, size_t bytes,
                         json_t **out) {
    json_error_t error;
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL;
    *out = json_loadb(text, bytes, flags, &error);
    if (!*out && json_error_code(&error) == json_error_numeric_overflow)
        *out = json_loadb(text, bytes, flags | JSON_DECODE_INT_AS_REAL, &error);
    if (json_is_object(*out)) return VIDI_OK;
    if (*out) {
        json_decref(*out);
        *out = NULL;
        return vd_fail(ctx, VIDI_E_FORMAT, "%.600s: is no JSON object", path);
    }
    const struct kind_found found = kind_of(text, bytes);
    const bool braced = bytes > 0 && (text[0] == '{' || text[0] == '[');
    if (found.words && !braced)
        return vd_fail(ctx, VIDI_E_FORMAT, "%.600s: is %s, not JSON", path, found.words);
    static const char *const near[] = {"near 'NaN'", "near 'Infinity'", "near '-'"};
    for (int i = 0; i < 3; i++)
        if (strstr(error.text, near[i]))
            return vd_fail(ctx, VIDI_E_FORMAT,
                           "%.600s: line %d has NaN or Infinity, which are no numbers in JSON",
                           path, error.line);
    return vd_fail(ctx, VIDI_E_FORMAT, "%.600s: %.100s in line %d", path, error.text, error.line);
}

vidi_status json_affordable(struct vd_ctx *ctx, const char *name, const void *text, uint64_t bytes,
                            struct json_limit limit) {
    const uint64_t cost = json_cost(text, bytes);
    if (cost <= limit.cost) return VIDI_OK;
    return vd_fail(ctx, VIDI_E_FORMAT,
                   "%.600s: holds so many values that they need %llu MiB of memory, and the limit "
                   "is %llu MiB",
                   name, (unsigned long long)(cost >> 20), (unsigned long long)(limit.cost >> 20));
}

vidi_status json_file_read(struct vd_ctx *ctx, const char *path, struct json_limit limit,
                           json_t **out) {
    void *data;
    uint64_t bytes;
    *out = NULL;
    TRY(file_read(ctx, path, (struct file_limit){limit.bytes, VIDI_E_FORMAT}, &data, &bytes));
    const unsigned char *text = data;
    const bool wide = begins(text, bytes, "\xFF\xFE", 2) || begins(text, bytes, "\xFE\xFF", 2);
    const uint64_t mark = begins(text, bytes, "\xEF\xBB\xBF", 3) ? 3 : 0;
    while (bytes > mark && text[bytes - 1] == 0) bytes--;
    vidi_status status =
        wide ? vd_fail(ctx, VIDI_E_FORMAT, "%.600s: is text in UTF-16; save it as UTF-8", path)
             : json_affordable(ctx, path, text, bytes, limit);
    if (status == VIDI_OK)
        status = parse(ctx, path, (const char *)text + mark, (size_t)(bytes - mark), out);
    vd_free(ctx, data);
    return status;
}
