#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* ---- opening --------------------------------------------------------------------------------- */

struct ui *ui_open(SDL_Window *window, SDL_Renderer *renderer) {
    struct ui *ui = calloc(1, sizeof *ui);
    if (!ui) return NULL;
    ui->window = window;
    ui->renderer = renderer;
    ui->theme = ui_theme_at(0);
    ui->scale = 1;
    ui->popup.picked = -1;
    ui->texts = texts_open();
    if (ui->texts) {
        SDL_SetRenderDrawBlendMode(renderer, SDL_BLENDMODE_BLEND);
        return ui;
    }
    free(ui);
    return NULL;
}

void ui_close(struct ui *ui) {
    if (!ui) return;
    draw_free(ui);
    texts_close(ui->texts);
    free(ui);
}

void ui_look(struct ui *ui, const struct ui_theme *theme, double scale) {
    ui->theme = theme;
    ui->scale = scale < 0.5 ? 0.5 : scale > 3 ? 3 : scale;
}

const struct ui_theme *ui_look_of(const struct ui *ui) { return ui->theme; }

/* ---- boxes ----------------------------------------------------------------------------------- */

int ui_px(const struct ui *ui, double at_100_percent) {
    const double px = at_100_percent * ui->scale;
    return px > 0 && px < 1 ? 1 : (int)(px + 0.5);
}

struct ui_box ui_window(const struct ui *ui) {
    return (struct ui_box){0, 0, ui->width, ui->height};
}

static int at_most(int wanted, int there) {
    if (wanted > there) wanted = there;
    return wanted < 0 ? 0 : wanted;
}

struct ui_box ui_cut_top(struct ui_box *from, int h) {
    h = at_most(h, from->h);
    const struct ui_box cut = {from->x, from->y, from->w, h};
    from->y += h;
    from->h -= h;
    return cut;
}

struct ui_box ui_cut_bottom(struct ui_box *from, int h) {
    h = at_most(h, from->h);
    from->h -= h;
    return (struct ui_box){from->x, from->y + from->h, from->w, h};
}

struct ui_box ui_cut_left(struct ui_box *from, int w) {
    w = at_most(w, from->w);
    const struct ui_box cut = {from->x, from->y, w, from->h};
    from->x += w;
    from->w -= w;
    return cut;
}

struct ui_box ui_cut_right(struct ui_box *from, int w) {
    w = at_most(w, from->w);
    from->w -= w;
    return (struct ui_box){from->x + from->w, from->y, w, from->h};
}

struct ui_box ui_inset(struct ui_box b, int x, int y) {
    b = (struct ui_box){b.x + x, b.y + y, b.w - 2 * x, b.h - 2 * y};
    if (b.w < 0) b.w = 0;
    if (b.h < 0) b.h = 0;
    return b;
}

bool ui_inside(struct ui_box b, int x, int y) {
    return x >= b.x && x < b.x + b.w && y >= b.y && y < b.y + b.h;
}

struct ui_box ui_cross(struct ui_box a, struct ui_box b) {
    const int x = a.x > b.x ? a.x : b.x, y = a.y > b.y ? a.y : b.y;
    const int right = a.x + a.w < b.x + b.w ? a.x + a.w : b.x + b.w;
    const int bottom = a.y + a.h < b.y + b.h ? a.y + a.h : b.y + b.h;
    return (struct ui_box){x, y, right > x ? right - x : 0, bottom > y ? bottom - y : 0};
}

/* ---- clips ----------------------------------------------------------------------------------- */

struct ui_box ui_clip_now(const struct ui *ui) {
    return ui->n_clips ? ui->clips[ui->n_clips - 1] : ui_window(ui);
}

static void apply_clip(struct ui *ui) {
    const struct ui_box c = ui_clip_now(ui);
    SDL_RenderSetClipRect(ui->renderer,
                          ui->n_clips ? &(SDL_Rect){c.x, c.y, c.w > 0 ? c.w : 1, c.h} : NULL);
}

void ui_clip(struct ui *ui, struct ui_box b) {
    if (ui->n_clips < CLIPS_MOST) {
        ui->clips[ui->n_clips] = ui_cross(ui_clip_now(ui), b);
        ui->n_clips++;
    }
    apply_clip(ui);
}

void ui_unclip(struct ui *ui) {
    if (ui->n_clips) ui->n_clips--;
    apply_clip(ui);
}

bool ui_visible(const struct ui *ui, struct ui_box b) {
    const struct ui_box c = ui_cross(ui_clip_now(ui), b);
    return c.w > 0 && c.h > 0;
}

/* ---- events ---------------------------------------------------------------------------------- */

static int plain_mod(Uint16 mod) {
    return (mod & KMOD_CTRL ? KMOD_CTRL : 0) | (mod & KMOD_SHIFT ? KMOD_SHIFT : 0) |
           (mod & KMOD_ALT ? KMOD_ALT : 0);
}

static void add_key(struct ui *ui, SDL_Keycode key, int mod, const char *text) {
    if (ui->n_keys == KEYS_MOST) return;
    struct key *k = &ui->keys[ui->n_keys++];
    *k = (struct key){.key = key, .mod = mod};
    snprintf(k->text, sizeof k->text, "%s", text);
}

static void on_button(struct ui *ui, const SDL_MouseButtonEvent *e) {
    if (e->button != SDL_BUTTON_LEFT) return;
    ui->mouse_x = e->x;
    ui->mouse_y = e->y;
    ui->mouse_in = true;
    ui->held = e->type == SDL_MOUSEBUTTONDOWN;
    if (ui->held) {
        ui->pressed = true;
        ui->press_x = e->x;
        ui->press_y = e->y;
        ui->clicks = e->clicks;
        ui->focus_by_key = false;
    } else {
        ui->released = true;
    }
}

void ui_event(struct ui *ui, const SDL_Event *event) {
    switch (event->type) {
    case SDL_MOUSEMOTION:
        ui->mouse_x = event->motion.x;
        ui->mouse_y = event->motion.y;
        ui->mouse_in = ui->mouse_moved = true;
        break;
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP:
        on_button(ui, &event->button);
        break;
    case SDL_MOUSEWHEEL:
        ui->wheel += event->wheel.y;
        break;
    case SDL_KEYDOWN:
        /* Ctrl+= is a shortcut that comes as a letter, too; AltGr is Ctrl+Alt to some. */
        ui->command = plain_mod(event->key.keysym.mod & ~KMOD_SHIFT) == KMOD_CTRL;
        add_key(ui, event->key.keysym.sym, plain_mod(event->key.keysym.mod), "");
        break;
    case SDL_TEXTINPUT:
        ui->composed[0] = '\0';
        if (!ui->command) add_key(ui, 0, KMOD_NONE, event->text.text);
        break;
    case SDL_TEXTEDITING:
        snprintf(ui->composed, sizeof ui->composed, "%s", event->edit.text);
        break;
#if SDL_VERSION_ATLEAST(2, 0, 22)
    case SDL_TEXTEDITING_EXT: /* a long one; its text is the receiver's */
        snprintf(ui->composed, sizeof ui->composed, "%s", event->editExt.text);
        SDL_free(event->editExt.text);
        break;
#endif
    case SDL_WINDOWEVENT:
        if (event->window.event == SDL_WINDOWEVENT_LEAVE) ui->mouse_in = false;
        break;
    default:
        break;
    }
}

void ui_drop_key(struct ui *ui, int i) {
    ui->n_keys--;
    memmove(ui->keys + i, ui->keys + i + 1, (size_t)(ui->n_keys - i) * sizeof *ui->keys);
}

bool ui_is_tab(const struct key *k) {
    return k->key == SDLK_TAB && (k->mod == KMOD_NONE || k->mod == KMOD_SHIFT);
}

int ui_keys_here(const struct ui *ui) {
    int n = 0;
    while (n < ui->n_keys && !ui_is_tab(&ui->keys[n])) n++;
    return ui->later ? 0 : n;
}

/* A list is open, and it is another's turn to say what it is. */
static bool behind_list(const struct ui *ui) { return ui->popup.id && !ui_gets_input(ui); }

bool ui_key(struct ui *ui, SDL_Keycode key, int mod) {
    const bool for_all = (mod & KMOD_CTRL) || key == SDLK_F11 || key == SDLK_F12;
    if (behind_list(ui) && !for_all) return false;
    const int n = ui_keys_here(ui);
    for (int i = 0; i < n; i++)
        if (ui->keys[i].key == key && ui->keys[i].mod == mod) {
            ui_drop_key(ui, i);
            return true;
        }
    return false;
}

bool ui_take_typed(struct ui *ui, const char *text) {
    const int n = behind_list(ui) ? 0 : ui_keys_here(ui);
    for (int i = 0; i < n; i++)
        if (ui->keys[i].key == 0 && strcmp(ui->keys[i].text, text) == 0) {
            ui_drop_key(ui, i);
            return true;
        }
    return false;
}

const char *ui_typed(struct ui *ui) {
    const int keys = behind_list(ui) ? 0 : ui_keys_here(ui);
    size_t n = 0;
    ui->typed[0] = '\0';
    for (int i = 0; i < keys; i++) {
        const size_t more = strlen(ui->keys[i].text);
        if (n + more >= sizeof ui->typed) break;
        memcpy(ui->typed + n, ui->keys[i].text, more + 1);
        n += more;
    }
    return ui->typed;
}

/* ---- a frame --------------------------------------------------------------------------------- */

void ui_begin(struct ui *ui, double now_ms) {
    SDL_GetRendererOutputSize(ui->renderer, &ui->width, &ui->height);
    ui->now = now_ms;
    ui->n_clips = ui->n_seen = 0;
    ui->layer = ui->top_layer = 0;
    ui->hot = 0;
    ui->focus_seen = false;
    ui->first_stop = ui->last_stop = ui->before_focus = ui->after_focus = 0;
    ui->tip[0] = '\0';
    ui->frame_wish = 0;
    ui->popup.items = NULL;
    ui->popup.opened = false;
    ui->toasts_in = (struct ui_box){0};
    ui->finished = false;
    if (ui->focus_wish) ui->focus = ui->focus_wish;
    ui->focus_wish = 0;
    texts_age(ui->texts);
    SDL_RenderSetClipRect(ui->renderer, NULL);
    set_color(ui, ui->theme->ground);
    SDL_RenderClear(ui->renderer);
}

/* Tab and Shift+Tab go round among what was said in this frame. */
static void move_focus(struct ui *ui) {
    const int at = ui_keys_here(ui);
    if (ui->later || at == ui->n_keys) return;
    const bool on = ui->keys[at].mod == KMOD_NONE;
    for (int i = 0; i <= at; i++) ui_drop_key(ui, 0); /* nobody wanted those before it */
    ui->later = ui->n_keys > 0;
    uint32_t to = on ? ui->after_focus : ui->before_focus;
    if (!to || !ui->focus_seen) to = on ? ui->first_stop : ui->last_stop;
    ui->focus = to;
    ui->focus_by_key = ui->reveal = true;
    ui_again(ui, ui->now);
}

static void draw_toasts(struct ui *ui) {
    struct ui_box in = {0, ui_px(ui, 46), ui->width, ui->height};
    if (ui->toasts_in.w >= ui_px(ui, 180) && ui->toasts_in.h >= ui_px(ui, 80)) in = ui->toasts_in;
    int y = in.y + ui_px(ui, 12);
    for (int i = TOASTS_MOST; i-- > 0;) {
        const struct toast *t = &ui->toasts[i];
        if (t->until <= ui->now) continue;
        const int most = in.w - ui_px(ui, 24);
        int w = ui_text_width(ui, t->words, UI_BODY) + ui_px(ui, 32) + 1;
        if (w > most) w = most;
        const int h = ui_text_height(ui, t->words, UI_BODY, w - ui_px(ui, 32)) + ui_px(ui, 20);
        ui_again(ui, t->until);
        if (i < TOASTS_MOST - 1 && y + h > ui->height) break; /* no room for older ones */
        const struct ui_box b = {in.x + (in.w - w) / 2, y, w, h};
        ui_panel(ui, b, ui->theme->text, ui->theme->text, ui_px(ui, RADIUS));
        ui_label(ui, "toast", ui_inset(b, ui_px(ui, 16), ui_px(ui, 10)), t->words,
                 &(struct ui_text){.rgb = ui->theme->ground, .wrap = true, .middle = true});
        y += h + ui_px(ui, GAP);
    }
}

void ui_toasts_in(struct ui *ui, struct ui_box b) { ui->toasts_in = ui_cross(b, ui_clip_now(ui)); }

void ui_toast(struct ui *ui, const char *words) {
    memmove(ui->toasts, ui->toasts + 1, (TOASTS_MOST - 1) * sizeof *ui->toasts);
    struct toast *t = &ui->toasts[TOASTS_MOST - 1];
    snprintf(t->words, sizeof t->words, "%s", words);
    t->until = ui->now + 3500;
}

static void draw_tip(struct ui *ui) {
    enum { AFTER_MS = 500 };
    if (!ui->tip[0]) {
        ui->tip_id = 0;
        return;
    }
    if (ui->now < ui->tip_since + AFTER_MS) {
        ui_again(ui, ui->tip_since + AFTER_MS);
        return;
    }
    const int pad = ui_px(ui, 10), edge = ui_px(ui, 8);
    const bool lines = strchr(ui->tip, '\n') != NULL;
    int w = lines ? ui_px(ui, 400) : ui_text_width(ui, ui->tip, UI_SMALL) + 2 * pad + 1;
    if (w > ui_px(ui, 400)) w = ui_px(ui, 400);
    if (w > ui->width - 2 * edge) w = ui->width - 2 * edge;
    const int h = ui_text_height(ui, ui->tip, UI_SMALL, w - 2 * pad) + pad;
    struct ui_box b = {ui->tip_box.x, ui->tip_box.y + ui->tip_box.h + ui_px(ui, 6), w, h};
    if (b.x + w > ui->width - edge) b.x = ui->width - edge - w;
    if (b.x < edge) b.x = edge;
    if (b.y + h > ui->height - edge) b.y = ui->tip_box.y - h - ui_px(ui, 6);
    if (b.y < edge) b.y = edge;
    ui_panel(ui, b, ui->theme->raised, ui->theme->border, ui_px(ui, 6));
    ui_label(ui, "tip", ui_inset(b, pad, pad / 2), ui->tip,
             &(struct ui_text){.font = UI_SMALL, .rgb = ui->theme->text, .wrap = true});
}

void ui_finish(struct ui *ui) {
    if (ui->finished) return;
    ui->finished = true;
    ui->n_clips = 0;
    apply_clip(ui);
    popup_draw(ui);
    draw_toasts(ui);
    draw_tip(ui);
    move_focus(ui);
}

void ui_end(struct ui *ui) {
    ui_finish(ui);
    for (int i = 0; i < ui->n_seen; i++) {
        struct seen_text *s = &ui->seen[i];
        ui->list[i] = s->seen;
        ui->list[i].id = s->id;
        ui->list[i].text = s->text;
        ui->list[i].why_not = s->why_not[0] ? s->why_not : NULL;
    }
    ui->input_layer = ui->top_layer;
    ui->pressed = ui->released = ui->mouse_moved = false;
    if (!ui->held) ui->active = 0;
    ui->wheel = 0;
    if (ui->later && ui->n_keys)
        ui_again(ui, ui->now);
    else
        ui->n_keys = 0;
    ui->later = false;
    SDL_RenderPresent(ui->renderer);
}

void ui_again(struct ui *ui, double at) {
    if (!ui->frame_wish || at < ui->frame_wish) ui->frame_wish = at > 0 ? at : 1;
}

int ui_wait(const struct ui *ui, double now_ms) {
    if (!ui->frame_wish) return -1;
    return ui->frame_wish <= now_ms ? 0 : (int)(ui->frame_wish - now_ms) + 1;
}

/* ---- who gets what --------------------------------------------------------------------------- */

uint32_t ui_id(const char *id) {
    uint32_t h = 2166136261U;
    for (; *id; id++) h = (h ^ (unsigned char)*id) * 16777619U;
    return h ? h : 1;
}

bool ui_gets_input(const struct ui *ui) { return ui->layer == ui->input_layer; }

bool ui_over(const struct ui *ui, struct ui_box b) {
    return ui->mouse_in && ui_gets_input(ui) &&
           ui_inside(ui_cross(b, ui_clip_now(ui)), ui->mouse_x, ui->mouse_y);
}

void ui_focus(struct ui *ui, const char *id) { ui->focus_wish = ui_id(id); }
bool ui_has_focus(const struct ui *ui, const char *id) { return ui->focus == ui_id(id); }

/* What the keyboard has come to is scrolled to. */
static void reveal(struct ui *ui, struct ui_box b) {
    struct ui_scroll *s = ui->scroll;
    if (!ui->reveal) return;
    ui->reveal = false;
    if (!s) return;
    const int edge = ui_px(ui, GAP), over = ui->scroll_box.y + edge - b.y,
              below = b.y + b.h + edge - ui->scroll_box.y - ui->scroll_box.h;
    const int move = over > 0 ? -over : below > 0 ? below : 0;
    if (!move || b.h > ui->scroll_box.h) return;
    s->at += move;
    s->loose = s->at < s->content - ui->scroll_box.h;
    ui_again(ui, ui->now);
}

bool ui_stop(struct ui *ui, uint32_t id, struct ui_box b) {
    if (!ui_gets_input(ui)) return false;
    if (!ui->first_stop) ui->first_stop = id;
    if (ui->focus_seen && !ui->after_focus) ui->after_focus = id;
    if (ui->focus == id) {
        ui->focus_seen = true;
        ui->before_focus = ui->last_stop;
    }
    ui->last_stop = id;
    if (ui->focus == id) reveal(ui, b);
    if (ui->pressed && ui_over(ui, b)) ui->focus = id;
    return ui->focus == id;
}

bool ui_activated(struct ui *ui, uint32_t id, struct ui_box b, bool focused) {
    const bool over = ui_over(ui, b);
    if (over) ui->hot = id;
    if (ui->pressed && over) ui->active = id;
    if (ui->released && ui->active == id && over) return true;
    if (!focused || !ui->focus_by_key) return false;
    if (ui_key(ui, SDLK_RETURN, KMOD_NONE)) return true;
    if (!ui_key(ui, SDLK_SPACE, KMOD_NONE)) return false;
    ui_take_typed(ui, " "); /* which comes as a letter, too */
    return true;
}

void ui_tip(struct ui *ui, uint32_t id, struct ui_box b, const char *words) {
    if (!words || (!ui_over(ui, b) && !(ui->focus == id && ui->focus_by_key))) return;
    if (ui->tip_id != id) ui->tip_since = ui->now;
    ui->tip_id = id;
    ui->tip_box = b;
    snprintf(ui->tip, sizeof ui->tip, "%s", words);
}

void ui_note(struct ui *ui, const char *id, const char *kind, struct ui_box b, const char *text,
             const char *why_not) {
    if (ui->n_seen == SEEN_MOST || !id) return;
    struct seen_text *s = &ui->seen[ui->n_seen++];
    snprintf(s->id, sizeof s->id, "%s", id);
    snprintf(s->text, sizeof s->text, "%s", text ? text : "");
    snprintf(s->why_not, sizeof s->why_not, "%s", why_not ? why_not : "");
    s->seen = (struct ui_seen){.kind = kind,
                               .box = b,
                               .layer = ui->layer,
                               .clip = ui_clip_now(ui),
                               .enabled = !why_not && ui_gets_input(ui),
                               .focused = ui->focus == ui_id(id)};
}

void ui_note_cut(struct ui *ui) {
    if (ui->n_seen) ui->seen[ui->n_seen - 1].seen.cut = true;
}

int ui_seen(const struct ui *ui, const struct ui_seen **out) {
    *out = ui->list;
    return ui->n_seen;
}
