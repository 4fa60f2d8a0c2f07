#include "shot.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "shrink.h"

static _Atomic uint64_t made;

static bool make_preview(struct shot *s) {
    int w, h;
    shrink_fit(s->width, s->height, SHOT_PREVIEW, SHOT_PREVIEW, &w, &h);
    s->preview = s->rgb;
    s->preview_width = s->width;
    s->preview_height = s->height;
    if (w >= s->width && h >= s->height) return true;
    s->preview = malloc((size_t)w * (size_t)h * 3);
    if (!s->preview) return false;
    shrink(s->rgb, s->width, s->height, s->preview, w, h);
    s->preview_width = w;
    s->preview_height = h;
    return true;
}

struct shot *shot_new(uint8_t *rgb, int width, int height, const char *name) {
    struct shot *s = calloc(1, sizeof *s);
    char *copy = strdup(name);
    if (!s || !copy) {
        free(s);
        free(copy);
        free(rgb);
        return NULL;
    }
    *s = (struct shot){.rgb = rgb, .width = width, .height = height, .name = copy};
    s->id = atomic_fetch_add(&made, 1) + 1;
    atomic_store(&s->refs, 1);
    if (make_preview(s)) return s;
    shot_drop(s);
    return NULL;
}

struct shot *shot_keep(struct shot *s) {
    if (s) atomic_fetch_add(&s->refs, 1);
    return s;
}

void shot_drop(struct shot *s) {
    if (!s || atomic_fetch_sub(&s->refs, 1) > 1) return;
    if (s->preview != s->rgb) free(s->preview);
    free(s->rgb);
    free(s->name);
    free(s);
}
