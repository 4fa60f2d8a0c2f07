/* popup.c - a control that opens a list. */
#include <ctype.h>
#include <string.h>

#include "internal.h"

enum { ROW = 34, ROWS_MOST = 12, PICKER_PAD = 10, PICKER_GAP = 7 };

static int next_usable(const struct popup *p, int from, int step) {
    for (int i = from + step; i >= 0 && i < p->n; i += step)
        if (!p->items[i].why_not) return i;
    return from;
}

static void open_popup(struct ui *ui, uint32_t id, const struct ui_picker *p) {
    ui->popup = (struct popup){.id = id, .at = p->chosen, .picked = -1, .opened = true};
    ui->later = ui->n_keys > 0; /* the rest is for the list */
    ui_again(ui, ui->now);
}

static void closed_control(struct ui *ui, uint32_t self, struct ui_box b, const struct ui_picker *p,
                           bool focused) {
    const struct ui_theme *t = ui->theme;
    const bool over = ui_over(ui, b) && !p->why_not;
    const uint32_t rgb = p->why_not ? mix(t->panel, t->dim, 0.6) : t->text;
    const uint32_t ground = p->why_not ? mix(t->panel, t->raised, 0.5) : t->raised;
    ui_panel(ui, b, over ? mix(ground, t->text, 0.08) : ground,
             ui->popup.id == self ? t->accent : t->border, ui_px(ui, RADIUS));
    struct ui_box in = ui_inset(b, ui_px(ui, PICKER_PAD), 0);
    draw_icon(ui, UI_ICON_DOWN, ui_cut_right(&in, ui_px(ui, 16)), rgb);
    if (p->icon) {
        draw_icon(ui, p->icon, ui_cut_left(&in, ui_px(ui, 16)), rgb);
        ui_cut_left(&in, ui_px(ui, PICKER_GAP));
    }
    ui_cut_right(&in, ui_px(ui, 4));
    if (p->text && p->text[0])
        ui_label(ui, NULL, in, p->text, &(struct ui_text){.rgb = rgb, .may_cut = p->may_cut});
    if (focused && ui->focus_by_key) draw_ring(ui, b, ui_px(ui, RADIUS));
}

int ui_picker_width(struct ui *ui, const struct ui_picker *p) {
    const bool text = p->text && p->text[0];
    int w = 2 * ui_px(ui, PICKER_PAD) + ui_px(ui, 16) + ui_px(ui, 4);
    if (p->icon) w += ui_px(ui, 16) + (text ? ui_px(ui, PICKER_GAP) : 0);
    if (text) w += ui_text_width(ui, p->text, UI_BODY) + ui_px(ui, 6);
    return w;
}

static bool opened_by_key(struct ui *ui) {
    for (int i = 0; i < ui_keys_here(ui); i++) {
        const SDL_Keycode key = ui->keys[i].key;
        if (ui->keys[i].mod != KMOD_NONE ||
            (key != SDLK_DOWN && key != SDLK_UP && key != SDLK_RETURN && key != SDLK_SPACE))
            continue;
        ui_drop_key(ui, i);
        if (key == SDLK_SPACE) ui_take_typed(ui, " ");
        return true;
    }
    return false;
}

int ui_pick(struct ui *ui, const char *id, struct ui_box b, const struct ui_picker *p) {
    const uint32_t self = ui_id(id);
    const bool focused = ui_stop(ui, self, b);
    ui_note(ui, id, "picker", b, p->text && p->text[0] ? p->text : p->tip, p->why_not);
    const bool clicked = ui_activated(ui, self, b, false);
    const bool keyed = focused && ui->focus_by_key && opened_by_key(ui);
    if ((clicked || keyed) && !p->why_not && p->n > 0) open_popup(ui, self, p);
    closed_control(ui, self, b, p, focused);
    ui_tip(ui, self, b, p->why_not ? p->why_not : p->tip);
    if (ui->popup.id == self) {
        ui->popup.anchor = b;
        ui->popup.items = p->items;
        ui->popup.n = p->n;
    }
    if (ui->popup.picked_id != self || ui->popup.picked < 0) return -1;
    const int picked = ui->popup.picked;
    ui->popup.picked = -1;
    return picked < p->n ? picked : -1;
}

void ui_pick_open(struct ui *ui, const char *id) {
    ui->popup = (struct popup){.id = ui_id(id), .at = -1, .picked = -1, .opened = true};
    ui_again(ui, ui->now);
}

bool ui_pick_opened(const struct ui *ui, const char *id) {
    return ui->popup.opened && ui->popup.id == ui_id(id);
}

bool ui_pick_is_open(const struct ui *ui, const char *id) { return ui->popup.id == ui_id(id); }

/* ---- the open list --------------------------------------------------------------------------- */

static void close_popup(struct ui *ui, int picked) {
    const uint32_t id = ui->popup.id;
    ui->popup = (struct popup){.picked = picked, .picked_id = id};
    ui_again(ui, ui->now);
}

/* A letter goes to the next item that begins with it. */
static void search(struct popup *p, const char *typed) {
    const int wanted = tolower((unsigned char)typed[0]);
    for (int i = 1; wanted && i <= p->n; i++) {
        const int at = ((p->at < 0 ? 0 : p->at) + i) % p->n;
        if (p->items[at].why_not || tolower((unsigned char)p->items[at].text[0]) != wanted)
            continue;
        p->at = at;
        return;
    }
}

enum popup_end { POPUP_STAYS, POPUP_LEFT, POPUP_PICKED };

static enum popup_end popup_key(struct popup *p, const struct key *k) {
    switch (k->key) {
    case 0:
        search(p, k->text);
        return POPUP_STAYS;
    case SDLK_DOWN:
        p->at = next_usable(p, p->at, 1);
        return POPUP_STAYS;
    case SDLK_UP:
        p->at = next_usable(p, p->at < 0 ? p->n : p->at, -1);
        return POPUP_STAYS;
    case SDLK_HOME:
        p->at = next_usable(p, -1, 1);
        return POPUP_STAYS;
    case SDLK_END:
        p->at = next_usable(p, p->n, -1);
        return POPUP_STAYS;
    case SDLK_RETURN:
    case SDLK_SPACE:
        return p->at >= 0 && !p->items[p->at].why_not ? POPUP_PICKED : POPUP_STAYS;
    case SDLK_ESCAPE:
    case SDLK_TAB:
        return POPUP_LEFT;
    default:
        return POPUP_STAYS;
    }
}

/* In their order, all but those with Ctrl or Alt; what comes after its end is the next frame's. */
static enum popup_end popup_keys(struct ui *ui, struct popup *p) {
    enum popup_end end = POPUP_STAYS;
    for (int i = 0; i < ui->n_keys && !ui->later && end == POPUP_STAYS;) {
        const struct key k = ui->keys[i];
        if (k.mod != KMOD_NONE && !ui_is_tab(&k)) {
            i++;
            continue;
        }
        end = popup_key(p, &k);
        ui_drop_key(ui, i);
        if (k.key == SDLK_SPACE) ui_take_typed(ui, " ");
        ui->later = end != POPUP_STAYS && ui->n_keys > 0;
    }
    return end;
}

static const char *detail_of(const struct ui_item *item) {
    return item->why_not ? item->why_not : item->detail;
}

enum { ITEM_PAD = 10, ITEM_GAP = 16 };

/* What stands behind the text in its line, or below it where both have no room. */
static bool is_tall(struct ui *ui, const struct ui_item *item, int width) {
    const char *detail = detail_of(item);
    const int text = ui_text_width(ui, item->text, UI_BODY) + 1;
    return detail && text + ui_px(ui, ITEM_GAP) + ui_text_width(ui, detail, UI_SMALL) + 1 >
                         width - 2 * ui_px(ui, ITEM_PAD);
}

static int item_height(struct ui *ui, const struct ui_item *item, int width) {
    if (!is_tall(ui, item, width)) return ui_px(ui, ROW);
    const int in = width - 2 * ui_px(ui, ITEM_PAD);
    return ui_px(ui, 28) + ui_text_height(ui, detail_of(item), UI_SMALL, in) + ui_px(ui, 6);
}

/* As wide as its items want, as far as the window has room. */
static int list_width(struct ui *ui, const struct popup *p) {
    const int most = ui_px(ui, 620), pad = ui_px(ui, 4);
    int w = p->anchor.w;
    for (int i = 0; i < p->n; i++) {
        int want = ui_text_width(ui, p->items[i].text, UI_BODY) + 2 * ui_px(ui, ITEM_PAD) + 1;
        const char *detail = detail_of(&p->items[i]);
        if (detail) want += ui_text_width(ui, detail, UI_SMALL) + ui_px(ui, ITEM_GAP) + 1;
        if (want + 2 * pad > w) w = want + 2 * pad;
    }
    if (w > most) w = most;
    return w > ui->width - 2 * pad ? ui->width - 2 * pad : w;
}

/* How many rows from `first` on have room; *h: what they take. */
static int rows_in(struct ui *ui, const struct popup *p, int first, int width, int room, int *h) {
    int n = 0;
    *h = 0;
    while (first + n < p->n && n < ROWS_MOST) {
        const int row = item_height(ui, &p->items[first + n], width);
        if (n && *h + row > room) break;
        *h += row;
        n++;
    }
    return n;
}

/* Below the control or above it, where there is more room; *room: for rows. */
static struct ui_box list_box(struct ui *ui, const struct popup *p, int *room) {
    const int pad = ui_px(ui, 4), w = list_width(ui, p);
    const int below = ui->height - p->anchor.y - p->anchor.h - 4 * pad,
              above = p->anchor.y - 4 * pad;
    int all;
    rows_in(ui, p, 0, w - 2 * pad, 1 << 20, &all);
    const bool down = below >= all || below >= above;
    *room = down ? below : above;
    if (*room > all) *room = all;
    const int h = *room + 2 * pad;
    struct ui_box b = {p->anchor.x, down ? p->anchor.y + p->anchor.h + pad : p->anchor.y - pad - h,
                       w, h};
    if (b.x + w > ui->width - pad) b.x = ui->width - pad - w;
    if (b.x < pad) b.x = pad;
    return b;
}

static void item_row(struct ui *ui, struct ui_box b, const struct ui_item *item, bool at) {
    const struct ui_theme *t = ui->theme;
    const char *detail = detail_of(item);
    const bool tall = is_tall(ui, item, b.w);
    if (at) draw_round(ui, b, mix(t->panel, t->accent, 0.3), ui_px(ui, 6));
    struct ui_box in = ui_inset(b, ui_px(ui, ITEM_PAD), 0);
    const uint32_t rgb = item->why_not ? mix(t->panel, t->dim, 0.7) : t->text;
    const uint32_t dim = item->why_not ? rgb : at ? t->text : t->dim; /* for the plain grounds */
    struct ui_box text = tall ? ui_cut_top(&in, ui_px(ui, 28)) : in;
    const int want = ui_text_width(ui, item->text, UI_BODY) + 1;
    ui_label(ui, NULL, tall ? text : ui_cut_left(&in, want), item->text,
             &(struct ui_text){.rgb = rgb, .may_cut = true});
    if (detail)
        ui_label(ui, NULL, in, detail,
                 &(struct ui_text){.font = UI_SMALL, .rgb = dim, .right = !tall, .wrap = tall});
}

/* The rows that are seen: moved by the wheel, and to what the keyboard is at. */
static int seen_rows(struct ui *ui, struct popup *p, struct ui_box b, int room, bool mine) {
    int h, rows;
    const bool wheel = mine && ui_over(ui, b) && ui->wheel;
    if (wheel) p->first -= ui->wheel;
    if (p->first > p->n - 1) p->first = p->n - 1;
    if (p->first < 0) p->first = 0;
    if (!wheel && p->at >= 0 && p->at < p->first) p->first = p->at;
    for (;;) {
        rows = rows_in(ui, p, p->first, b.w, room, &h);
        if (wheel || p->at < p->first + rows) break;
        p->first++;
    }
    while (p->first > 0) { /* no room stays empty below the last */
        const int more = rows_in(ui, p, p->first - 1, b.w, room, &h);
        if (p->first - 1 + more < p->n) break;
        p->first--;
        rows = more;
    }
    return rows;
}

void popup_draw(struct ui *ui) {
    struct popup *p = &ui->popup;
    if (!p->id) return;
    if (!p->items || p->n < 1) { /* its control is gone */
        if (!p->opened) close_popup(ui, -1);
        return;
    }
    int room;
    if (p->at >= p->n) p->at = p->n - 1; /* it has become shorter */
    const struct ui_box b = list_box(ui, p, &room);
    const int pad = ui_px(ui, 4);
    ui->layer = ui->top_layer + 1;
    ui->top_layer = ui->layer;
    const bool mine = ui_gets_input(ui);
    const enum popup_end end = mine ? popup_keys(ui, p) : POPUP_STAYS;
    const int by_key = p->at;
    ui_note(ui, "popup", "list", b, "", NULL);
    ui_panel(ui, b, ui->theme->panel, ui->theme->border, ui_px(ui, RADIUS));
    struct ui_box in = ui_inset(b, pad, pad);
    const int rows = seen_rows(ui, p, in, room, mine);
    int hit = -1;
    for (int i = p->first; i < p->first + rows; i++) {
        const struct ui_box r = ui_cut_top(&in, item_height(ui, &p->items[i], in.w));
        char id[24];
        SDL_snprintf(id, sizeof id, "popup.%d", i);
        ui_note(ui, id, "item", r, p->items[i].text, p->items[i].why_not);
        if (ui_over(ui, r) && !p->items[i].why_not) hit = i;
        if (hit == i && ui->mouse_moved) p->at = i; /* one that rests does not disturb keys */
        item_row(ui, r, &p->items[i], p->at == i);
    }
    ui->layer = 0;
    if (!mine) {
        ui_again(ui, ui->now);
        return;
    }
    const bool outside = ui->pressed && !ui_inside(b, ui->mouse_x, ui->mouse_y);
    const bool clicked = ui->released && hit >= 0;
    if (clicked || end == POPUP_PICKED)
        close_popup(ui, clicked ? hit : by_key);
    else if (outside || end == POPUP_LEFT)
        close_popup(ui, -1);
}
