/* text.c - texts as textures. What was drawn is kept while it is used, up to so many bytes. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "engine/cli/steer.h"
#include "internal.h"

enum {
    KEPT_BYTES = 48 << 20,
    KEPT_FRAMES = 512,
    BUCKETS = 512,
    LONGEST_LINE = 8192,
    WIDEST = 8192
};

static const struct {
    const char *family;
    double size; /* at 100 % */
    PangoWeight weight;
} fonts[UI_FONTS] = {
    [UI_BODY] = {"sans-serif", 15, PANGO_WEIGHT_NORMAL},
    [UI_SMALL] = {"sans-serif", 12.5, PANGO_WEIGHT_NORMAL},
    [UI_STRONG] = {"sans-serif", 15, PANGO_WEIGHT_SEMIBOLD},
    [UI_TITLE] = {"sans-serif", 19, PANGO_WEIGHT_SEMIBOLD},
    [UI_MONO] = {"monospace", 13, PANGO_WEIGHT_NORMAL},
};

struct kept {
    struct kept *next; /* of its bucket */
    uint64_t key, check;
    struct drawn drawn;
    size_t bytes;
    unsigned used; /* the frame it was last drawn in */
};

struct texts {
    PangoFontMap *map;
    PangoContext *context;
    struct hash_key keys[2]; /* of the two hashes of each text */
    struct kept *buckets[BUCKETS];
    size_t bytes;
    unsigned frame;
};

struct texts *texts_open(void) {
    struct texts *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    for (int i = 0; i < 2; i++) t->keys[i] = hash_draw();
    t->map = pango_cairo_font_map_new();
    t->context = pango_font_map_create_context(t->map);
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_SLIGHT);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_ON);
    pango_cairo_context_set_font_options(t->context, options);
    cairo_font_options_destroy(options);
    return t;
}

static void drop(struct texts *t, struct kept **at) {
    struct kept *k = *at;
    *at = k->next;
    t->bytes -= k->bytes;
    SDL_DestroyTexture(k->drawn.texture);
    free(k);
}

static void drop_older(struct texts *t, unsigned than) {
    for (int i = 0; i < BUCKETS; i++)
        for (struct kept **at = &t->buckets[i]; *at;)
            if (t->frame - (*at)->used > than)
                drop(t, at);
            else
                at = &(*at)->next;
}

void texts_close(struct texts *t) {
    if (!t) return;
    for (int i = 0; i < BUCKETS; i++)
        while (t->buckets[i]) drop(t, &t->buckets[i]);
    g_object_unref(t->context);
    g_object_unref(t->map);
    free(t);
}

void texts_age(struct texts *t) {
    t->frame++;
    if (t->frame % (KEPT_FRAMES / 4) == 0) drop_older(t, KEPT_FRAMES);
    /* What this frame or the last one shows stays, however large it is. */
    for (unsigned age = 256; t->bytes > KEPT_BYTES && age >= 1; age /= 4) drop_older(t, age);
}

size_t ui_text_bytes(const struct ui *ui) { return ui->texts->bytes; }

/* ---- layouts --------------------------------------------------------------------------------- */

PangoLayout *text_layout(const struct ui *ui, const char *text, enum ui_font font, int width,
                         bool wrap) {
    PangoLayout *l = pango_layout_new(ui->texts->context);
    PangoFontDescription *d = pango_font_description_new();
    pango_font_description_set_family_static(d, fonts[font].family);
    pango_font_description_set_weight(d, fonts[font].weight);
    pango_font_description_set_absolute_size(d, fonts[font].size * ui->scale * PANGO_SCALE);
    pango_layout_set_font_description(l, d);
    pango_font_description_free(d);
    pango_layout_set_text(l, text, -1);
    if (width > 0) pango_layout_set_width(l, (width < WIDEST ? width : WIDEST) * PANGO_SCALE);
    if (wrap)
        pango_layout_set_wrap(l, PANGO_WRAP_WORD_CHAR);
    else
        pango_layout_set_single_paragraph_mode(l, TRUE);
    if (!wrap && width > 0) pango_layout_set_ellipsize(l, PANGO_ELLIPSIZE_END);
    return l;
}

/* Of a text that is only shown: without what would turn it round or drive a terminal it is copied
 * to. */
static PangoLayout *label_layout(const struct ui *ui, const char *text, enum ui_font font,
                                 int width, bool wrap) {
    char *clean = steer_clean(text);
    PangoLayout *l = text_layout(ui, clean ? clean : "", font, width, wrap);
    free(clean);
    return l;
}

int text_line_height(const struct ui *ui, enum ui_font font) {
    return (int)(fonts[font].size * ui->scale * 1.42 + 0.5);
}

/* ---- textures -------------------------------------------------------------------------------- */

/* Letters may reach out of the layout's box: that much is added on all sides. */
static int margin_of(const struct ui *ui) { return ui_px(ui, 3); }

static SDL_Texture *paint(struct ui *ui, PangoLayout *l, uint32_t rgb, int w, int h) {
    const int margin = margin_of(ui);
    cairo_surface_t *s =
        cairo_image_surface_create(CAIRO_FORMAT_ARGB32, w + 2 * margin, h + 2 * margin);
    if (cairo_surface_status(s) != CAIRO_STATUS_SUCCESS) {
        cairo_surface_destroy(s);
        return NULL;
    }
    cairo_t *c = cairo_create(s);
    cairo_set_source_rgb(c, (rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0,
                         (rgb & 255) / 255.0);
    cairo_move_to(c, margin, margin);
    pango_cairo_show_layout(c, l);
    cairo_destroy(c);
    SDL_Texture *t = texture_of(ui, s);
    cairo_surface_destroy(s);
    return t;
}

static struct drawn make(struct ui *ui, const char *text, enum ui_font font, uint32_t rgb,
                         int width, enum wrapped wrap, int lines) {
    PangoRectangle box;
    PangoLayout *l = label_layout(ui, text, font, width, wrap >= WRAP_LEFT);
    if (wrap == WRAP_MIDDLE) pango_layout_set_alignment(l, PANGO_ALIGN_CENTER);
    if (wrap == WRAP_SHORTEN) pango_layout_set_ellipsize(l, PANGO_ELLIPSIZE_MIDDLE);
    if (wrap >= WRAP_LEFT && lines > 0) {
        pango_layout_set_height(l, -lines);
        pango_layout_set_ellipsize(l, PANGO_ELLIPSIZE_END);
    }
    pango_layout_get_pixel_extents(l, NULL, &box);
    struct drawn d = {NULL, box.x + box.width, box.height, pango_layout_is_ellipsized(l)};
    if (d.w > 0 && d.h > 0) d.texture = paint(ui, l, rgb, d.w, d.h);
    g_object_unref(l);
    return d;
}

struct drawn text_drawn(struct ui *ui, const char *text, enum ui_font font, uint32_t rgb, int width,
                        enum wrapped wrap, int lines) {
    struct texts *t = ui->texts;
    const struct {
        double scale;
        uint32_t font, rgb;
        int width, wrap, lines, none; /* without a gap, as all of it is hashed */
    } style = {ui->scale, (uint32_t)font, rgb, width, (int)wrap, lines, 0};
    const size_t len = strlen(text);
    /* Nobody can choose texts that agree in both, so one is never shown for another. */
    const uint64_t of_style = hash_keyed(&t->keys[0], &style, sizeof style),
                   key = hash_keyed(&t->keys[0], text, len) + of_style,
                   check = hash_keyed(&t->keys[1], text, len) ^ of_style;
    struct kept **bucket = &t->buckets[key % BUCKETS];
    for (struct kept *k = *bucket; k; k = k->next)
        if (k->key == key && k->check == check) {
            k->used = t->frame;
            return k->drawn;
        }
    struct kept *k = calloc(1, sizeof *k);
    if (!k) return (struct drawn){0};
    const struct drawn drawn = make(ui, text, font, rgb, width, wrap, lines);
    *k = (struct kept){.next = *bucket,
                       .key = key,
                       .check = check,
                       .drawn = drawn,
                       .bytes = sizeof *k + (size_t)drawn.w * (size_t)drawn.h * 4,
                       .used = t->frame};
    *bucket = k;
    t->bytes += k->bytes;
    return drawn;
}

/* ---- labels ---------------------------------------------------------------------------------- */

/* One line of the text at `at`, and where the next begins; NULL: there is none. A very long one is
 * broken at a character. */
static const char *next_line(const char *at, char *line) {
    size_t n = strcspn(at, "\n");
    const bool cut = n >= LONGEST_LINE;
    if (cut) {
        n = LONGEST_LINE - 1;
        while (n > 1 && ((unsigned char)at[n] & 0xc0) == 0x80) n--;
    }
    memcpy(line, at, n);
    line[n] = '\0';
    at += n;
    if (!*at) return NULL;
    return cut ? at : at + 1;
}

static int label_lines(struct ui *ui, struct ui_box b, const char *text, const struct ui_text *s) {
    char line[LONGEST_LINE];
    const int margin = margin_of(ui);
    int y = b.y;
    for (const char *at = text; at;) {
        at = next_line(at, line);
        if (!line[0]) {
            y += text_line_height(ui, s->font);
            continue;
        }
        const enum wrapped wrap = s->wrap      ? s->middle ? WRAP_MIDDLE : WRAP_LEFT
                                  : s->may_cut ? WRAP_SHORTEN
                                               : WRAP_NONE;
        const struct drawn d = text_drawn(ui, line, s->font, s->rgb, b.w, wrap, s->lines);
        if (d.cut && !s->may_cut) ui_note_cut(ui);
        const int free_space = wrap == WRAP_MIDDLE ? 0 : b.w - d.w; /* Pango has done it */
        const int x = b.x + (s->right ? free_space : s->middle ? free_space / 2 : 0);
        if (d.texture)
            SDL_RenderCopy(ui->renderer, d.texture, NULL,
                           &(SDL_Rect){x - margin, y - margin, d.w + 2 * margin, d.h + 2 * margin});
        y += d.h;
        if (!s->wrap) break;
    }
    return y - b.y;
}

int ui_label(struct ui *ui, const char *id, struct ui_box b, const char *text,
             const struct ui_text *style) {
    if (id) ui_note(ui, id, "label", b, text, NULL);
    if (b.w <= 0) {
        if (text[0]) ui_note_cut(ui);
        return 0;
    }
    const int room = b.h;
    if (!style->wrap) { /* in the middle of the height */
        const int line = ui_text_height(ui, "X", style->font, 0);
        b.y += (b.h - line) / 2;
    }
    const int h = label_lines(ui, b, text, style);
    if (text[0] && h > room + ui_px(ui, 2)) ui_note_cut(ui);
    return h;
}

int ui_text_height(struct ui *ui, const char *text, enum ui_font font, int width) {
    char line[LONGEST_LINE];
    int h = 0;
    for (const char *at = text; at;) {
        at = next_line(at, line);
        if (!line[0]) {
            h += text_line_height(ui, font);
            continue;
        }
        PangoRectangle box;
        PangoLayout *l = label_layout(ui, line, font, width, width > 0);
        pango_layout_get_pixel_extents(l, NULL, &box);
        g_object_unref(l);
        h += box.height;
    }
    return h;
}

int ui_text_width(struct ui *ui, const char *text, enum ui_font font) {
    PangoRectangle box;
    PangoLayout *l = label_layout(ui, text, font, 0, false);
    pango_layout_get_pixel_extents(l, NULL, &box);
    g_object_unref(l);
    return box.x + box.width;
}

/* The first use of a font and of its fallbacks takes a tenth of a second. */
void ui_warm_fonts(void) {
    static const char sample[] =
        "Aa \xe4\xbd\xa0\xe5\xa5\xbd \xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7 "
        "\xf0\x9f\x8d\x8e \xe0\xa4\xa8 \xe2\x86\x92";
    struct texts *t = texts_open();
    if (!t) return;
    for (int i = 0; i < UI_FONTS; i++) {
        const struct ui ui = {.texts = t, .scale = 1};
        PangoLayout *l = text_layout(&ui, sample, (enum ui_font)i, 0, false);
        pango_layout_get_pixel_extents(l, NULL, NULL);
        g_object_unref(l);
    }
    texts_close(t);
}
