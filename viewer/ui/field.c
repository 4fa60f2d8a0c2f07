/* field.c - a text that is edited, on the screen. */
#include <stdlib.h>
#include <string.h>

#include "edit.h"
#include "internal.h"

enum { PAD_X = 12, PAD_Y = 9 };

/* What is seen: the text with what an input method composes at its cursor. */
struct seen_edit {
    char *text; /* from malloc() */
    PangoLayout *layout;
    int cursor, composed; /* bytes of it; bytes composed before the cursor's place */
};

static bool see(struct ui *ui, const struct ui_edit *e, int width, bool focused,
                struct seen_edit *out) {
    const char *composed = focused ? ui->composed : "";
    const size_t more = strlen(composed), at = (size_t)e->cursor, len = (size_t)e->len;
    out->text = malloc(len + more + 1);
    if (!out->text) return false;
    memcpy(out->text, e->text, at);
    memcpy(out->text + at, composed, more);
    memcpy(out->text + at + more, e->text + at, len - at + 1);
    out->cursor = (int)(at + more);
    out->composed = (int)more;
    out->layout = text_layout(ui, out->text, UI_BODY, width, true);
    if (more) { /* underlined, as input methods are */
        PangoAttrList *list = pango_attr_list_new();
        PangoAttribute *a = pango_attr_underline_new(PANGO_UNDERLINE_SINGLE);
        a->start_index = (guint)at;
        a->end_index = (guint)(at + more);
        pango_attr_list_insert(list, a);
        pango_layout_set_attributes(out->layout, list);
        pango_attr_list_unref(list);
    }
    return true;
}

static void unsee(struct seen_edit *s) {
    g_object_unref(s->layout);
    free(s->text);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static const struct {
    SDL_Keycode key;
    int mod; /* without Shift, which selects */
    enum edit_by by;
    bool on;
} moves[] = {
    {SDLK_LEFT, KMOD_NONE, EDIT_GRAPHEME, false}, {SDLK_RIGHT, KMOD_NONE, EDIT_GRAPHEME, true},
    {SDLK_LEFT, KMOD_CTRL, EDIT_WORD, false},     {SDLK_RIGHT, KMOD_CTRL, EDIT_WORD, true},
    {SDLK_HOME, KMOD_NONE, EDIT_LINE, false},     {SDLK_END, KMOD_NONE, EDIT_LINE, true},
    {SDLK_HOME, KMOD_CTRL, EDIT_ALL, false},      {SDLK_END, KMOD_CTRL, EDIT_ALL, true},
};
static const struct {
    SDL_Keycode key;
    int mod;
    enum edit_by by;
    bool on;
} deletions[] = {
    {SDLK_BACKSPACE, KMOD_NONE, EDIT_GRAPHEME, false},
    {SDLK_BACKSPACE, KMOD_SHIFT, EDIT_GRAPHEME, false},
    {SDLK_BACKSPACE, KMOD_CTRL, EDIT_WORD, false},
    {SDLK_DELETE, KMOD_NONE, EDIT_GRAPHEME, true},
    {SDLK_DELETE, KMOD_CTRL, EDIT_WORD, true},
};

/* A line up or down, as it is seen; from the first one and the last one to the text's ends. */
static void go_line(struct ui *ui, struct ui_edit *e, int width, int step, bool select) {
    struct seen_edit s;
    int line, x, index, trailing;
    if (!see(ui, e, width, false, &s)) return;
    pango_layout_index_to_line_x(s.layout, e->cursor, FALSE, &line, &x);
    const int goal = e->goal < 0 ? x : e->goal, to = line + step;
    if (to < 0 || to >= pango_layout_get_line_count(s.layout)) {
        edit_go(e, step < 0 ? 0 : e->len, select);
    } else {
        PangoLayoutLine *l = pango_layout_get_line_readonly(s.layout, to);
        pango_layout_line_x_to_index(l, goal, &index, &trailing);
        while (trailing-- > 0) index = edit_step(e, index, EDIT_GRAPHEME, true);
        edit_go(e, index, select);
        e->goal = goal;
    }
    unsee(&s);
}

static void copy(struct ui_edit *e, bool cut) {
    char *text = edit_selected(e);
    if (text) SDL_SetClipboardText(text);
    if (text && cut) edit_delete(e, EDIT_GRAPHEME, true);
    free(text);
}

static void paste(struct ui *ui, struct ui_edit *e) {
    char *text = SDL_GetClipboardText(), words[160];
    const char *why = text ? ui_edit_paste(e, text, strlen(text), words) : NULL;
    if (why) ui_toast(ui, why);
    SDL_free(text);
}

static void select_all(struct ui *ui, struct ui_edit *e) {
    (void)ui;
    e->anchor = 0;
    e->cursor = e->len;
}
static void copy_only(struct ui *ui, struct ui_edit *e) {
    (void)ui;
    copy(e, false);
}
static void cut(struct ui *ui, struct ui_edit *e) {
    (void)ui;
    copy(e, true);
}
static void undo(struct ui *ui, struct ui_edit *e) {
    (void)ui;
    edit_undo(e);
}
static void redo(struct ui *ui, struct ui_edit *e) {
    (void)ui;
    edit_redo(e);
}

static const struct {
    SDL_Keycode key;
    int mod;
    void (*does)(struct ui *ui, struct ui_edit *e);
} commands[] = {
    {SDLK_a, KMOD_CTRL, select_all},
    {SDLK_c, KMOD_CTRL, copy_only},
    {SDLK_x, KMOD_CTRL, cut},
    {SDLK_v, KMOD_CTRL, paste},
    {SDLK_z, KMOD_CTRL, undo},
    {SDLK_y, KMOD_CTRL, redo},
    {SDLK_z, KMOD_CTRL | KMOD_SHIFT, redo},
};

static bool use_move(struct ui *ui, struct ui_edit *e, const struct key *k, int width) {
    const bool select = (k->mod & KMOD_SHIFT) != 0;
    const int mod = k->mod & ~KMOD_SHIFT;
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++)
        if (k->key == moves[i].key && mod == moves[i].mod) {
            edit_go(e, edit_step(e, e->cursor, moves[i].by, moves[i].on), select);
            e->goal = -1;
            return true;
        }
    if (mod != KMOD_NONE || (k->key != SDLK_UP && k->key != SDLK_DOWN)) return false;
    go_line(ui, e, width, k->key == SDLK_UP ? -1 : 1, select);
    return true;
}

/* One key or some letters. False: it is not the field's. */
static bool use_key(struct ui *ui, struct ui_edit *e, const struct ui_field *p, const struct key *k,
                    int width) {
    if (k->key == 0) {
        if (p->no_space && !ui_edit_text(e)[0] && strcmp(k->text, " ") == 0) return false;
        edit_type(e, k->text);
        return true;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (k->key == commands[i].key && k->mod == commands[i].mod) {
            /* Others may have something to copy. */
            if (commands[i].does == copy_only && e->cursor == e->anchor) return false;
            commands[i].does(ui, e);
            return true;
        }
    for (size_t i = 0; i < sizeof deletions / sizeof *deletions; i++)
        if (k->key == deletions[i].key && k->mod == deletions[i].mod) {
            edit_delete(e, deletions[i].by, deletions[i].on);
            return true;
        }
    if (p->lines && k->key == SDLK_RETURN && (k->mod == KMOD_SHIFT || k->mod == KMOD_ALT)) {
        edit_type(e, "\n");
        return true;
    }
    return use_move(ui, e, k, width);
}

/* All that waits, in its order; true: Enter, and what came after it stays for the next frame. */
static bool use_keys(struct ui *ui, struct ui_edit *e, const struct ui_field *p, int width) {
    for (int i = 0; i < ui_keys_here(ui);) {
        const struct key k = ui->keys[i];
        if (k.mod == KMOD_NONE && (k.key == SDLK_RETURN || k.key == SDLK_KP_ENTER) &&
            !ui->composed[0]) {
            ui_drop_key(ui, i);
            ui->later = ui->n_keys > 0;
            return true;
        }
        /* Keys that change what is composed are the input method's, and not the text's. */
        const bool composes = ui->composed[0] && k.key != 0 && !(k.mod & (KMOD_CTRL | KMOD_ALT));
        if (composes || use_key(ui, e, p, &k, width))
            ui_drop_key(ui, i);
        else
            i++;
    }
    return false;
}

/* ---- the mouse ------------------------------------------------------------------------------- */

static int index_at(const struct ui_edit *e, const struct seen_edit *s, int x, int y) {
    int index, trailing;
    pango_layout_xy_to_index(s->layout, x * PANGO_SCALE, y * PANGO_SCALE, &index, &trailing);
    if (index > e->len) index = e->len;
    while (trailing-- > 0) index = edit_step(e, index, EDIT_GRAPHEME, true);
    return index;
}

static void mouse(struct ui *ui, uint32_t id, struct ui_box in, struct ui_edit *e,
                  const struct seen_edit *s) {
    const bool over = ui_over(ui, ui_inset(in, -ui_px(ui, PAD_X), -ui_px(ui, PAD_Y)));
    if (s->composed) return;
    const int at = index_at(e, s, ui->mouse_x - in.x, ui->mouse_y - in.y + e->scroll);
    if (ui->pressed && over) {
        ui->active = id;
        edit_go(e, at, (SDL_GetModState() & KMOD_SHIFT) != 0);
        e->goal = -1;
        if (ui->clicks == 2) edit_select_word(e, at);
        if (ui->clicks >= 3) {
            e->anchor = edit_step(e, at, EDIT_LINE, false);
            e->cursor = edit_step(e, at, EDIT_LINE, true);
        }
    } else if (ui->active == id && ui->held && ui->clicks == 1) {
        e->cursor = at;
    }
}

/* ---- drawing --------------------------------------------------------------------------------- */

static void draw_selection(struct ui *ui, struct ui_box in, const struct ui_edit *e,
                           const struct seen_edit *s) {
    const int from = e->cursor < e->anchor ? e->cursor : e->anchor;
    const int to = e->cursor < e->anchor ? e->anchor : e->cursor;
    if (from == to || s->composed) return;
    PangoLayoutIter *i = pango_layout_get_iter(s->layout);
    do {
        int *ranges, n;
        PangoRectangle box;
        PangoLayoutLine *line = pango_layout_iter_get_line_readonly(i);
        pango_layout_iter_get_line_extents(i, NULL, &box);
        pango_layout_line_get_x_ranges(line, from, to, &ranges, &n);
        for (int r = 0; r < n; r++) {
            const int x = PANGO_PIXELS(ranges[2 * r]), w = PANGO_PIXELS(ranges[2 * r + 1]) - x;
            ui_fill(ui,
                    (struct ui_box){in.x + x, in.y - e->scroll + PANGO_PIXELS(box.y), w,
                                    PANGO_PIXELS(box.height)},
                    mix(ui->theme->raised, ui->theme->accent, 0.33));
        }
        g_free(ranges);
    } while (pango_layout_iter_next_line(i));
    pango_layout_iter_free(i);
}

static void draw_cursor(struct ui *ui, struct ui_box in, struct ui_edit *e,
                        const struct seen_edit *s) {
    PangoRectangle strong;
    pango_layout_get_cursor_pos(s->layout, s->cursor, &strong, NULL);
    const int y = PANGO_PIXELS(strong.y), h = PANGO_PIXELS(strong.height);
    if (y < e->scroll) e->scroll = y;
    if (y + h > e->scroll + in.h) e->scroll = y + h - in.h;
    if (e->scroll < 0) e->scroll = 0;
    const struct ui_box c = {in.x + PANGO_PIXELS(strong.x), in.y + y - e->scroll, ui_px(ui, 2), h};
    ui_fill(ui, c, ui->theme->text);
    SDL_SetTextInputRect(&(SDL_Rect){c.x, c.y, c.w, c.h});
}

static void draw_text(struct ui *ui, struct ui_box in, const struct ui_edit *e,
                      const struct seen_edit *s) {
    PangoRectangle ink, box;
    pango_layout_get_pixel_extents(s->layout, &ink, &box);
    const int margin = ui_px(ui, 3), w = in.w + 2 * margin, h = in.h + 2 * margin;
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, w, h);
    cairo_t *c = cairo_create(surface);
    const uint32_t rgb = ui->theme->text;
    cairo_set_source_rgb(c, (rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0,
                         (rgb & 255) / 255.0);
    cairo_move_to(c, margin, margin - e->scroll);
    pango_cairo_show_layout(c, s->layout);
    cairo_destroy(c);
    SDL_Texture *t = texture_of(ui, surface);
    cairo_surface_destroy(surface);
    if (t) SDL_RenderCopy(ui->renderer, t, NULL, &(SDL_Rect){in.x - margin, in.y - margin, w, h});
    SDL_DestroyTexture(t);
}

/* ---- the control ----------------------------------------------------------------------------- */

bool ui_text_field(struct ui *ui, const char *id, struct ui_box b, struct ui_edit *e,
                   const struct ui_field *p) {
    const uint32_t self = ui_id(id);
    const bool focused = ui_stop(ui, self, b);
    struct ui_box in = ui_inset(b, ui_px(ui, PAD_X), ui_px(ui, PAD_Y));
    struct seen_edit s;
    int high;
    bool sent = false;
    if (focused) sent = use_keys(ui, e, p, in.w);
    ui_note(ui, id, "field", b, e->text[0] ? e->text : p->hint, NULL);
    ui_panel(ui, b, ui->theme->raised, focused ? ui->theme->accent : ui->theme->border,
             ui_px(ui, RADIUS));
    if (!see(ui, e, in.w, focused, &s)) return sent;
    pango_layout_get_pixel_size(s.layout, NULL, &high);
    if (e->scroll > high - in.h) e->scroll = high > in.h ? high - in.h : 0;
    if (high < in.h && in.h < 2 * high) /* one line, in the middle */
        in = (struct ui_box){in.x, in.y + (in.h - high) / 2, in.w, high};
    mouse(ui, self, in, e, &s);
    ui_clip(ui, ui_inset(in, -ui_px(ui, 3), -ui_px(ui, 3)));
    s.cursor = e->cursor + s.composed;
    draw_selection(ui, in, e, &s);
    if (!s.text[0])
        ui_label(ui, NULL, in, p->hint, &(struct ui_text){.rgb = ui->theme->dim, .wrap = true});
    else
        draw_text(ui, in, e, &s);
    if (focused) draw_cursor(ui, in, e, &s);
    ui_unclip(ui);
    if (focused && ui->focus_by_key) draw_ring(ui, b, ui_px(ui, RADIUS));
    unsee(&s);
    return sent;
}

const char *ui_field_hint(struct ui *ui, int width, const char *const *hints, int n) {
    const int room = width - 2 * ui_px(ui, PAD_X);
    for (int i = 0; i < n - 1; i++)
        if (ui_text_width(ui, hints[i], UI_BODY) <= room) return hints[i];
    return hints[n - 1];
}

int ui_text_field_height(struct ui *ui, const struct ui_edit *e, int width, int most) {
    const int inner = width - 2 * ui_px(ui, PAD_X), line = ui_text_height(ui, "X", UI_BODY, inner);
    struct seen_edit s;
    int lines = 1;
    if (see(ui, e, inner, true, &s)) {
        lines = pango_layout_get_line_count(s.layout);
        unsee(&s);
    }
    if (lines > most) lines = most;
    return lines * line + 2 * ui_px(ui, PAD_Y);
}
