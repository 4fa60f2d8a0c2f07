#include <string.h>

#include "text/utf8.h"
#include "text/vocab.h"

struct sink {
    char *out;
    uint32_t n, cap; /* cap leaves room for the NUL */
};

static void put(struct sink *s, const char *text, uint32_t len) {
    if (len > s->cap - s->n) return;
    memcpy(s->out + s->n, text, len);
    s->n += len;
}

static void put_broken(struct sink *s, struct detok *d) {
    if (d->n > 0) put(s, "\xEF\xBF\xBD", 3);
    d->n = 0;
}

static void take_byte(struct sink *s, struct detok *d, char byte) {
    const unsigned char first = (unsigned char)d->pending[0];
    if (d->n > 0 && !utf8_continues(first, d->n, (unsigned char)byte)) put_broken(s, d);
    d->pending[d->n++] = byte;
    const uint32_t wanted = utf8_wanted((unsigned char)d->pending[0]);
    if (wanted == 0) put_broken(s, d);
    if (d->n < wanted) return;
    put(s, d->pending, d->n);
    d->n = 0;
}

uint32_t detok_next(const struct tokenizer *t, struct detok *d, int32_t id, char *out,
                    uint32_t cap) {
    if (cap == 0) return 0;
    struct sink s = {.out = out, .cap = cap - 1};
    if (id < 0) put_broken(&s, d);
    if (id >= 0 && (uint32_t)id < t->n) {
        uint32_t i = t->starts[id];
        const uint32_t end = t->starts[id + 1];
        if (i < end) {
            if (d->opens_text && t->space_prefix && t->bytes[i] == ' ') i++;
            d->opens_text = false;
        }
        for (; i < end; i++) take_byte(&s, d, t->bytes[i]);
    }
    out[s.n] = '\0';
    return s.n;
}
