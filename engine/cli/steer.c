#include "steer.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

static const struct {
    utf8proc_int32_t from, to;
    enum steer what;
} ranges[] = {
    {0x00, 0x08, STEER_CONTROL},    {0x0b, 0x1f, STEER_CONTROL},  {0x7f, 0x9f, STEER_CONTROL},
    {0x61c, 0x61c, STEER_MARK},     {0x200e, 0x200f, STEER_MARK}, {0x202a, 0x202e, STEER_REGION},
    {0x2066, 0x206f, STEER_REGION}, /* up to 206f: the deprecated ones do the same */
};

enum steer steer_at(const char *text, size_t len, size_t *bytes, unsigned *code) {
    utf8proc_int32_t point;
    const utf8proc_ssize_t n =
        utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)len, &point);
    *bytes = n > 0 ? (size_t)n : 1;
    *code = n > 0 ? (unsigned)point : (unsigned char)text[0];
    if (n <= 0) return STEER_STRAY;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (point >= ranges[i].from && point <= ranges[i].to) return ranges[i].what;
    return STEER_NOT;
}

bool steer_is_left_out(enum steer what) { return what != STEER_NOT && what != STEER_MARK; }

char *steer_clean(const char *text) {
    size_t len = strlen(text), to = 0, bytes;
    char *out = malloc(len + 1);
    unsigned code;
    for (; out && len > 0; text += bytes, len -= bytes) {
        if (steer_is_left_out(steer_at(text, len, &bytes, &code))) continue;
        memcpy(out + to, text, bytes);
        to += bytes;
    }
    if (out) out[to] = '\0';
    return out;
}
