#include <string.h>

#include "internal.h"

/* ---- buttons --------------------------------------------------------------------------------- */

struct look {
    uint32_t ground, border, text;
};

static struct look look_of(const struct ui *ui, const struct ui_button *p, bool over, bool down) {
    const struct ui_theme *t = ui->theme;
    struct look l = {t->raised, t->border, t->text};
    if (p->on) l = (struct look){mix(t->raised, t->accent, 0.2), t->accent, t->text};
    if (p->primary) l = (struct look){t->accent, t->accent, t->on_accent};
    if (p->why_not) {
        const uint32_t faint = mix(t->panel, t->dim, 0.6);
        return (struct look){mix(t->panel, t->raised, 0.5), mix(t->panel, t->border, 0.6), faint};
    }
    /* More of it would take the text's contrast, in some theme. */
    if (over) l.ground = mix(l.ground, l.text, down ? 0.12 : 0.06);
    return l;
}

int ui_button_width(struct ui *ui, const struct ui_button *p) {
    const bool text = p->text && p->text[0];
    int w = ui_px(ui, text ? 24 : 16);
    if (p->icon) w += ui_px(ui, 16);
    if (p->icon && text) w += ui_px(ui, 7);
    if (text) w += ui_text_width(ui, p->text, UI_BODY);
    return w;
}

static void button_contents(struct ui *ui, struct ui_box b, const struct ui_button *p,
                            uint32_t rgb) {
    const bool text = p->text && p->text[0];
    const int want = ui_button_width(ui, p) - ui_px(ui, text ? 24 : 16);
    struct ui_box in = ui_inset(b, ui_px(ui, text ? 8 : 0), 0);
    if (want < in.w) in = (struct ui_box){b.x + (b.w - want) / 2, b.y, want + 1, b.h};
    if (p->icon) draw_icon(ui, p->icon, text ? ui_cut_left(&in, ui_px(ui, 16)) : b, rgb);
    if (p->icon && text) ui_cut_left(&in, ui_px(ui, 7));
    if (text) ui_label(ui, NULL, in, p->text, &(struct ui_text){.font = UI_BODY, .rgb = rgb});
}

bool ui_button(struct ui *ui, const char *id, struct ui_box b, const struct ui_button *p) {
    const uint32_t self = ui_id(id);
    const bool focused = ui_stop(ui, self, b);
    const bool over = ui_over(ui, b);
    const bool used = ui_activated(ui, self, b, focused);
    const struct look l = look_of(ui, p, over, ui->active == self && over);
    ui_note(ui, id, "button", b, p->text && p->text[0] ? p->text : p->tip, p->why_not);
    /* A quiet one has a ground only under the mouse. */
    if (!p->quiet || p->on || (over && !p->why_not))
        ui_panel(ui, b, l.ground, p->quiet && !p->on ? l.ground : l.border, ui_px(ui, RADIUS));
    button_contents(ui, b, p, l.text);
    if (focused && ui->focus_by_key) draw_ring(ui, b, ui_px(ui, RADIUS));
    ui_tip(ui, self, b, p->why_not ? p->why_not : p->tip);
    return used && !p->why_not;
}

/* ---- others that are pressed ----------------------------------------------------------------- */

bool ui_switch(struct ui *ui, const char *id, struct ui_box b, bool on, const char *tip) {
    const struct ui_theme *t = ui->theme;
    const uint32_t self = ui_id(id);
    const int w = ui_px(ui, 44), h = ui_px(ui, 24), rim = ui_px(ui, 3);
    b = (struct ui_box){b.x + b.w - w, b.y + (b.h - h) / 2, w, h};
    const bool focused = ui_stop(ui, self, b), over = ui_over(ui, b);
    const bool used = ui_activated(ui, self, b, focused);
    ui_note(ui, id, "switch", b, on ? "On" : "Off", NULL);
    uint32_t ground = on ? t->accent : t->raised;
    if (over) ground = mix(ground, t->text, 0.08);
    ui_panel(ui, b, ground, on ? t->accent : t->dim, h / 2);
    struct ui_box knob = {b.x + (on ? w - h : 0), b.y, h, h};
    draw_round(ui, ui_inset(knob, rim, rim), on ? t->on_accent : t->dim, h / 2);
    if (focused && ui->focus_by_key) draw_ring(ui, b, h / 2);
    ui_tip(ui, self, b, tip);
    return used;
}

bool ui_line(struct ui *ui, const char *id, struct ui_box b, const char *text, const char *tip) {
    const uint32_t self = ui_id(id);
    const bool focused = ui_stop(ui, self, b), over = ui_over(ui, b);
    const bool used = ui_activated(ui, self, b, focused);
    ui_note(ui, id, "line", b, text, NULL);
    const uint32_t rgb = over ? ui->theme->text : ui->theme->dim;
    ui_label(ui, NULL, b, text, &(struct ui_text){.font = UI_SMALL, .rgb = rgb});
    if (focused && ui->focus_by_key) draw_ring(ui, b, ui_px(ui, 4));
    ui_tip(ui, self, b, tip);
    return used;
}

/* ---- progress -------------------------------------------------------------------------------- */

void ui_progress(struct ui *ui, const char *id, struct ui_box b, double part) {
    ui_note(ui, id, "progress", b, "", NULL);
    const int radius = b.h / 2;
    draw_round(ui, b, ui->theme->raised, radius);
    struct ui_box bar = b;
    if (part >= 0) {
        bar.w = (int)(b.w * (part > 1 ? 1 : part));
    } else { /* a piece that runs to and fro */
        const double phase = SDL_fmod(ui->now / 1400, 2), to = phase < 1 ? phase : 2 - phase;
        bar.w = b.w / 4;
        bar.x = b.x + (int)((b.w - bar.w) * to);
    }
    if (bar.w > 0) draw_round(ui, bar, ui->theme->accent, radius);
}

/* ---- scrolling ------------------------------------------------------------------------------- */

enum { BAR = 10, WHEEL_STEP = 56 };

static void limit(struct ui_scroll *s, int height) {
    const int most = s->content - height;
    if (s->at > most) s->at = most;
    if (s->at < 0) s->at = 0;
}

/* False: it is no key that scrolls. */
static bool scroll_key(const struct ui *ui, struct ui_scroll *s, SDL_Keycode key, int height) {
    static const struct {
        SDL_Keycode key;
        double pages;
        int lines;
    } moves[] = {{SDLK_PAGEUP, -0.9, 0}, {SDLK_PAGEDOWN, 0.9, 0}, {SDLK_UP, 0, -1},
                 {SDLK_DOWN, 0, 1},      {SDLK_HOME, -1e6, 0},    {SDLK_END, 1e6, 0}};
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++)
        if (key == moves[i].key) {
            double to = s->at + moves[i].pages * height + moves[i].lines * ui_px(ui, WHEEL_STEP);
            if (to > s->content) to = s->content;
            s->at = to < 0 ? 0 : (int)to;
            limit(s, height);
            return true;
        }
    return false;
}

static void scroll_keys(struct ui *ui, struct ui_scroll *s, int height) {
    for (int i = 0; i < ui_keys_here(ui);)
        if (ui->keys[i].mod == KMOD_NONE && scroll_key(ui, s, ui->keys[i].key, height))
            ui_drop_key(ui, i);
        else
            i++;
}

static void scroll_bar(struct ui *ui, uint32_t id, struct ui_box b, struct ui_scroll *s) {
    struct ui_box track = ui_cut_right(&b, ui_px(ui, BAR));
    int h = (int)((double)track.h * track.h / s->content);
    if (h < ui_px(ui, 28)) h = ui_px(ui, 28);
    if (h > track.h) h = track.h;
    const int room = track.h - h, most = s->content - track.h;
    struct ui_box thumb = {track.x, track.y + (most > 0 ? (int)((double)room * s->at / most) : 0),
                           track.w, h};
    const bool over = ui_over(ui, track);
    if (ui->pressed && over) {
        ui->active = id;
        ui->drag_from = ui_inside(thumb, ui->mouse_x, ui->mouse_y) ? ui->mouse_y - thumb.y : h / 2;
    }
    if (ui->active == id && ui->held && room > 0) {
        s->at = (int)((double)(ui->mouse_y - ui->drag_from - track.y) * most / room);
        s->loose = s->at < most;
        limit(s, track.h);
        thumb.y = track.y + (int)((double)room * s->at / most);
    }
    const uint32_t rgb = mix(ui->theme->panel, ui->theme->dim, over ? 0.7 : 0.4);
    draw_round(ui, ui_inset(thumb, ui_px(ui, 2), 0), rgb, ui_px(ui, 3));
}

struct ui_box ui_scroll_begin(struct ui *ui, const char *id, struct ui_box b, struct ui_scroll *s,
                              int content, bool stick) {
    const uint32_t self = ui_id(id);
    const int before = s->at;
    s->content = content;
    const bool focused = content > b.h && ui_stop(ui, self, b);
    if (ui_over(ui, b) && content > b.h) {
        s->at -= ui->wheel * ui_px(ui, WHEEL_STEP);
        ui->wheel = 0;
    }
    if (focused) scroll_keys(ui, s, b.h);
    const int moved_to = s->at;
    limit(s, b.h);
    if (moved_to != before) s->loose = s->at < content - b.h;
    if (stick && !s->loose) s->at = content - b.h;
    limit(s, b.h);
    ui_note(ui, id, "scroll", b, "", NULL);
    if (focused && ui->focus_by_key) draw_ring(ui, ui_inset(b, ui_px(ui, 4), ui_px(ui, 4)), 0);
    if (content > b.h) scroll_bar(ui, self, b, s);
    const int ring = ui_px(ui, 4); /* has room beside its control */
    ui_clip(ui, (struct ui_box){b.x - ring, b.y, b.w + ring, b.h});
    ui->scroll = s;
    ui->scroll_box = b;
    return (struct ui_box){b.x, b.y - s->at, b.w - ui_px(ui, BAR + 4), content};
}

void ui_scroll_end(struct ui *ui) {
    ui->scroll = NULL;
    ui_unclip(ui);
}

/* ---- sheets ---------------------------------------------------------------------------------- */

enum { SHEET_EDGE = 12, SHEET_HEAD = 32, SHEET_GAP = 12 };

static int sheet_pad(const struct ui *ui) {
    return ui_px(ui, ui->width < ui_px(ui, 420) ? 12 : 20);
}

int ui_sheet_height(struct ui *ui, int inside) {
    return inside + ui_px(ui, SHEET_HEAD) + ui_px(ui, SHEET_GAP) + 2 * sheet_pad(ui);
}

int ui_sheet_width(struct ui *ui, int most) {
    const int there = ui->width - 2 * ui_px(ui, SHEET_EDGE);
    return (most < there ? most : there) - 2 * sheet_pad(ui);
}

struct ui_box ui_sheet_begin(struct ui *ui, const char *id, int w, int h, const char *title,
                             bool *close) {
    const struct ui_box window = ui_window(ui);
    const int edge = ui_px(ui, SHEET_EDGE), pad = sheet_pad(ui);
    ui->layer++;
    if (ui->layer > ui->top_layer) ui->top_layer = ui->layer;
    if (w > window.w - 2 * edge) w = window.w - 2 * edge;
    if (h > window.h - 2 * edge) h = window.h - 2 * edge;
    struct ui_box b = {(window.w - w) / 2, (window.h - h) / 2, w, h};
    SDL_SetRenderDrawColor(ui->renderer, 0, 0, 0, 150);
    SDL_RenderFillRect(ui->renderer, NULL);
    ui_note(ui, id, "sheet", b, title, NULL);
    ui_panel(ui, b, ui->theme->panel, ui->theme->border, ui_px(ui, 12));
    *close = ui_gets_input(ui) &&
             (ui_key(ui, SDLK_ESCAPE, KMOD_NONE) ||
              (ui->pressed && ui->mouse_in && !ui_inside(b, ui->mouse_x, ui->mouse_y)));
    b = ui_inset(b, pad, pad);
    struct ui_box head = ui_cut_top(&b, ui_px(ui, SHEET_HEAD));
    if (ui_button(ui, "sheet.close", ui_cut_right(&head, ui_px(ui, 32)),
                  &(struct ui_button){.icon = UI_ICON_CLOSE, .quiet = true, .tip = "Close (Esc)"}))
        *close = true;
    const bool fits = ui_text_width(ui, title, UI_TITLE) <= head.w;
    ui_label(ui, "sheet.title", head, title,
             &(struct ui_text){.font = fits ? UI_TITLE : UI_STRONG, .rgb = ui->theme->text});
    ui_cut_top(&b, ui_px(ui, SHEET_GAP));
    return b;
}

void ui_sheet_end(struct ui *ui) { ui->layer--; }

/* ---- banners --------------------------------------------------------------------------------- */

enum { BANNER_ROW = 32, BANNER_PAD = 12 };

static int buttons_width(struct ui *ui, const char *action) {
    const int close = ui_px(ui, 28);
    if (!action) return close;
    return close + ui_px(ui, 4) + ui_button_width(ui, &(struct ui_button){.text = action});
}

/* Words beside the buttons; or above that of the action, where they would be a narrow column. */
static bool is_tall(struct ui *ui, int width, const char *action, int *words) {
    const int all = width - 2 * ui_px(ui, BANNER_PAD);
    const int beside = all - buttons_width(ui, action) - ui_px(ui, BANNER_PAD);
    const bool tall = beside < ui_px(ui, 240) && beside < all * 3 / 4;
    *words = tall ? all - ui_px(ui, 28) - ui_px(ui, 4) : beside;
    return tall;
}

int ui_banner_height(struct ui *ui, int width, const char *words, const char *action) {
    int room;
    const bool tall = is_tall(ui, width, action, &room);
    const int h = ui_text_height(ui, words, UI_BODY, room), row = ui_px(ui, BANNER_ROW);
    const int first = h > row ? h : row;
    return (tall && action ? first + ui_px(ui, GAP) + row : first) + 2 * ui_px(ui, 8);
}

static void banner_words(struct ui *ui, struct ui_box b, const char *words) {
    const int h = ui_text_height(ui, words, UI_BODY, b.w);
    if (h < b.h) b.y += (b.h - h) / 2;
    ui_label(ui, NULL, b, words, &(struct ui_text){.rgb = ui->theme->on_banner, .wrap = true});
}

int ui_banner(struct ui *ui, const char *id, struct ui_box b, enum ui_tone tone, const char *words,
              const char *action) {
    const uint32_t grounds[] = {ui->theme->good, ui->theme->warning, ui->theme->error};
    char sub[64];
    int used = 0, room;
    const bool tall = is_tall(ui, b.w, action, &room);
    ui_note(ui, id, "banner", b, words, NULL);
    ui_panel(ui, b, grounds[tone], mix(grounds[tone], ui->theme->on_banner, 0.25),
             ui_px(ui, RADIUS));
    struct ui_box in = ui_inset(b, ui_px(ui, BANNER_PAD), ui_px(ui, 8));
    struct ui_box below = {0};
    if (tall && action) {
        below = ui_cut_bottom(&in, ui_px(ui, BANNER_ROW));
        ui_cut_bottom(&in, ui_px(ui, GAP));
    }
    struct ui_box row = in;
    row.y += tall ? 0 : (row.h - ui_px(ui, BANNER_ROW)) / 2;
    row.h = ui_px(ui, BANNER_ROW);
    in.w = room;
    banner_words(ui, in, words);
    SDL_snprintf(sub, sizeof sub, "%s.close", id);
    if (ui_button(ui, sub, ui_cut_right(&row, ui_px(ui, 28)),
                  &(struct ui_button){.icon = UI_ICON_CLOSE, .quiet = true, .tip = "Dismiss"}))
        used = 2;
    ui_cut_right(&row, ui_px(ui, 4));
    if (tall) row = below;
    const struct ui_button act = {.text = action};
    SDL_snprintf(sub, sizeof sub, "%s.action", id);
    if (action && ui_button(ui, sub, ui_cut_right(&row, ui_button_width(ui, &act)), &act)) used = 1;
    return used;
}
