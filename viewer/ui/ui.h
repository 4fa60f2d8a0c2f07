/* ui.h - the window's controls: said anew each frame, drawn with SDL's renderer, text by Pango.
 *
 *     ui_event(ui, &event);                          // for every SDL event
 *     ui_begin(ui, now_ms);
 *     struct ui_box b = ui_window(ui), bar = ui_cut_top(&b, ui_px(ui, 44));
 *     if (ui_button(ui, "send", bar, &(struct ui_button){.text = "Send"})) send();
 *     ui_end(ui);                                    // presents
 *
 * A control is known by its id, a short text that stays the same from frame to frame and is used
 * once a frame. All sizes are pixels of the window; ui_px() makes them from sizes at 100 %. One
 * thread, except ui_warm_fonts(). */
#ifndef UI_H
#define UI_H
#include <SDL.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ui;

struct ui_box {
    int x, y, w, h;
};

/* 0xRRGGBB; text on each of the grounds has a contrast of 4.5 at least (WCAG 2.1, 1.4.3). */
struct ui_theme {
    const char *name;
    uint32_t ground, panel, raised, border; /* from far to near */
    uint32_t text, dim;                     /* on the first three */
    uint32_t accent, on_accent;             /* the one colour that says: this */
    uint32_t good, warning, error;          /* grounds of banners */
    uint32_t on_banner;
    uint32_t ring; /* around what the keyboard is at */
    int line;      /* width of borders at 100 % */
};
/* NULL: there is no theme of this name. */
const struct ui_theme *ui_theme_find(const char *name);
const struct ui_theme *ui_theme_at(int i); /* NULL: no more */

struct ui *ui_open(SDL_Window *window, SDL_Renderer *renderer); /* NULL: no memory */
void ui_close(struct ui *ui);
void ui_look(struct ui *ui, const struct ui_theme *theme, double scale); /* 0.5 to 3 */
const struct ui_theme *ui_look_of(const struct ui *ui);
/* Loads fonts, which takes a while: may run on a thread of its own before the first frame. */
void ui_warm_fonts(void);

/* ---- a frame ---- */

void ui_event(struct ui *ui, const SDL_Event *event);
void ui_begin(struct ui *ui, double now_ms);
/* Draws what lies above all that was said: an open list, toasts, a tip. ui_end() does so, too. */
void ui_finish(struct ui *ui);
void ui_end(struct ui *ui);
/* Milliseconds from now until it wants a frame without an event; below 0: it does not. */
int ui_wait(const struct ui *ui, double now_ms);
/* The frame that ui_end() is about to present, or has, as PNG; after ui_finish() with all of it. */
bool ui_screenshot(struct ui *ui, const char *path);

struct ui_box ui_window(const struct ui *ui);
int ui_px(const struct ui *ui, double at_100_percent);
struct ui_box ui_cut_top(struct ui_box *from, int h);
struct ui_box ui_cut_bottom(struct ui_box *from, int h);
struct ui_box ui_cut_left(struct ui_box *from, int w);
struct ui_box ui_cut_right(struct ui_box *from, int w);
struct ui_box ui_inset(struct ui_box b, int x, int y);

/* A key that no control has used, in this frame; using it up. mod: KMOD_CTRL, KMOD_SHIFT, ... or
 * KMOD_NONE, each of which must be as said. */
bool ui_key(struct ui *ui, SDL_Keycode key, int mod);
bool ui_take_typed(struct ui *ui, const char *text); /* this letter was typed; uses it up */
const char *ui_typed(struct ui *ui);                 /* that no field has taken */
void ui_focus(struct ui *ui, const char *id);
bool ui_has_focus(const struct ui *ui, const char *id);
bool ui_over(const struct ui *ui, struct ui_box box); /* the mouse is there */

/* ---- drawing ---- */

void ui_fill(struct ui *ui, struct ui_box b, uint32_t rgb);
void ui_panel(struct ui *ui, struct ui_box b, uint32_t rgb, uint32_t border, int radius);
/* Dark glass with round corners: white text on it can be read on any picture. */
void ui_shade(struct ui *ui, struct ui_box b, int radius);
void ui_clip(struct ui *ui, struct ui_box b); /* until ... */
void ui_unclip(struct ui *ui);

enum ui_font { UI_BODY, UI_SMALL, UI_STRONG, UI_TITLE, UI_MONO, UI_FONTS };
struct ui_text {
    enum ui_font font;
    uint32_t rgb;
    bool wrap;  /* to the width of the box; else one line that ends in ... where it must */
    bool right; /* else left, or the middle: */
    bool middle;
    bool may_cut; /* a name of any length: that its middle may be missing is no fault */
    int lines;    /* of a wrapped text at most; 0: all. Then its end may be missing */
};
/* Returns the height it takes. id NULL: it is a part of something else. */
int ui_label(struct ui *ui, const char *id, struct ui_box b, const char *text,
             const struct ui_text *style);
int ui_text_height(struct ui *ui, const char *text, enum ui_font font, int width);
int ui_text_width(struct ui *ui, const char *text, enum ui_font font);

enum ui_icon {
    UI_NO_ICON,
    UI_ICON_OPEN,
    UI_ICON_SEND,
    UI_ICON_STOP,
    UI_ICON_AGAIN,
    UI_ICON_COPY,
    UI_ICON_CLEAR,
    UI_ICON_CLOSE,
    UI_ICON_DOWN,
    UI_ICON_CAMERA,
    UI_ICON_FREEZE,
    UI_ICON_PLAY,
    UI_ICON_GEAR,
    UI_ICON_HELP,
    UI_ICON_SAVE,
    UI_ICON_LIST,
    UI_ICONS
};

/* ---- controls ---- */

struct ui_button {
    const char *text, *tip;
    const char *why_not; /* it cannot be used now, because of this; NULL: it can */
    enum ui_icon icon;
    bool primary; /* what is done mostly */
    bool quiet;   /* without a ground of its own */
    bool on;      /* switched on */
};
bool ui_button(struct ui *ui, const char *id, struct ui_box b, const struct ui_button *p);
/* The width its text and icon want. */
int ui_button_width(struct ui *ui, const struct ui_button *p);

struct ui_item {
    const char *text, *detail;
    const char *why_not; /* as of a button */
};
struct ui_picker {
    const char *text; /* on the closed control */
    const char *tip, *why_not;
    bool may_cut; /* the text is a name of any length */
    enum ui_icon icon;
    const struct ui_item *items; /* with their texts until ui_end() */
    int n, chosen;               /* chosen: below 0: none */
};
/* A list that opens below or above. The place of what was picked in this frame; below 0: nothing.
 */
int ui_pick(struct ui *ui, const char *id, struct ui_box b, const struct ui_picker *p);
void ui_pick_open(struct ui *ui, const char *id);              /* as if it had been pressed */
int ui_picker_width(struct ui *ui, const struct ui_picker *p); /* that it wants, closed */
bool ui_pick_opened(const struct ui *ui, const char *id);      /* in this frame */
bool ui_pick_is_open(const struct ui *ui, const char *id);

/* On or off, at the right of the box. True: it was turned over. */
bool ui_switch(struct ui *ui, const char *id, struct ui_box b, bool on, const char *tip);
/* A small dim line that can be clicked. */
bool ui_line(struct ui *ui, const char *id, struct ui_box b, const char *text, const char *tip);

void ui_progress(struct ui *ui, const char *id, struct ui_box b,
                 double part); /* below 0: unknown */

/* A column of contents that may be longer than the box. */
struct ui_scroll {
    int at, content; /* pixels from the top; height of all */
    bool loose;      /* somebody scrolled away from the end */
};
/* Returns the contents' box: b.w less the bar, content high, moved up. `stick`: stays at the end.
 */
struct ui_box ui_scroll_begin(struct ui *ui, const char *id, struct ui_box b, struct ui_scroll *s,
                              int content, bool stick);
void ui_scroll_end(struct ui *ui);
bool ui_visible(const struct ui *ui, struct ui_box b); /* some of it is inside the clip */

/* A sheet above everything else; until ui_sheet_end() the controls are the sheet's, and no others
 * can be used. Returns the box inside; *close: Esc, or a click beside it. */
struct ui_box ui_sheet_begin(struct ui *ui, const char *id, int w, int h, const char *title,
                             bool *close);
void ui_sheet_end(struct ui *ui);
/* Of a sheet, for what has to be inside of it. */
int ui_sheet_height(struct ui *ui, int inside);
int ui_sheet_width(struct ui *ui, int most); /* inside of one that wants to be `most` wide */

enum ui_tone { UI_GOOD, UI_WARNING, UI_ERROR };
int ui_banner_height(struct ui *ui, int width, const char *words, const char *action);
/* 1: the action's button; 2: closed; 0: neither. action NULL: no button. */
int ui_banner(struct ui *ui, const char *id, struct ui_box b, enum ui_tone tone, const char *words,
              const char *action);
/* For some seconds, below the top of the window or of the box that was named in this frame. */
void ui_toast(struct ui *ui, const char *words);
void ui_toasts_in(struct ui *ui, struct ui_box b);

/* ---- text that is edited ---- */

struct ui_edit;
struct ui_edit *ui_edit_open(void); /* NULL: no memory */
void ui_edit_close(struct ui_edit *e);
const char *ui_edit_text(const struct ui_edit *e); /* UTF-8 */
void ui_edit_set(struct ui_edit *e, const char *text);
void ui_edit_insert(struct ui_edit *e, const char *text); /* in place of what is selected */
/* The same with text from outside, whose lines may end as other systems end them. NULL, or a
 * sentence in `words` that says why nothing was inserted: it is no text, or too much. */
const char *ui_edit_paste(struct ui_edit *e, const char *text, size_t len, char words[160]);

struct ui_field {
    const char *hint;  /* while it is empty */
    bool lines;        /* Shift+Enter begins a new one */
    bool no_space;     /* a space is left to others while the field is empty */
    const char *label; /* what it is, for the log */
};
/* Enter: true. */
bool ui_text_field(struct ui *ui, const char *id, struct ui_box b, struct ui_edit *e,
                   const struct ui_field *p);
/* How high it would like to be, for at most `most` lines. */
int ui_text_field_height(struct ui *ui, const struct ui_edit *e, int width, int most);
/* The first of these hints, shorter and shorter, that fits it; the last in any case. */
const char *ui_field_hint(struct ui *ui, int width, const char *const *hints, int n);

/* ---- pictures ---- */

/* Which part of a picture is seen. {.zoom = 1}: all of it. */
struct ui_view {
    double zoom;        /* 1: all of it, as large as fits */
    double x, y;        /* what is in the middle of the box: 0..1 of its width and height */
    double larger_most; /* than it is, while all of it is seen; 0: whatever fits */
    int held_x, held_y;
};
/* The wheel zooms about the mouse, dragging moves, two clicks show pixel for pixel and back. width
 * and height: of the picture as it is seen. True: the view changed. */
bool ui_zoom(struct ui *ui, const char *id, struct ui_box b, struct ui_view *view, int width,
             int height);
/* The same about the middle of the box. */
void ui_zoom_by(struct ui_box b, struct ui_view *view, int width, int height, double factor);

struct ui_shown {
    int width, height; /* as it is seen, whatever size the texture has */
    int turn;          /* of the texture: clockwise, 0, 90, 180 or 270 */
    bool mirror;
};
/* Draws what the view shows, inside the box and in the picture's proportions. */
void ui_picture(struct ui *ui, const char *id, struct ui_box b, SDL_Texture *texture,
                const struct ui_shown *shown, struct ui_view *view);

/* Where a part of the picture (0..1 of its width and height) lies on the screen, cut to the box; no
 * size: it is not seen. */
struct ui_box ui_picture_part(struct ui_box b, const struct ui_view *view,
                              const struct ui_shown *shown, const double part[4] /* x0 y0 x1 y1 */);

/* ---- for tests and logs ---- */

struct ui_seen {
    const char *id, *kind, *text; /* until the next ui_begin() */
    struct ui_box box, clip;
    bool enabled, focused;
    bool cut;  /* some of its text has no room */
    int layer; /* 0: the window, above it sheets and lists */
    const char *why_not;
};
int ui_seen(const struct ui *ui, const struct ui_seen **out); /* of the newest frame */
size_t ui_text_bytes(const struct ui *ui);                    /* what is kept of drawn texts */
#endif
