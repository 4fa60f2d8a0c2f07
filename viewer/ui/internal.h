/* internal.h - what the files of ui share. */
#ifndef UI_INTERNAL_H
#define UI_INTERNAL_H
#include <pango/pangocairo.h>

#include "ui.h"

enum {
    KEYS_MOST = 1024, /* of one frame, which may take a while */
    SEEN_MOST = 512,
    CLIPS_MOST = 16,
    WORDS_MOST = 256,
    TYPED_MOST = 4096,
    TOASTS_MOST = 3,
    CORNERS = 8,
    RADIUS = 8, /* of corners, at 100 % */
    GAP = 8
};

/* A quarter of a disc, or of a ring that is so wide. */
struct corner {
    SDL_Texture *texture;
    int radius, ring; /* 0: a disc */
};

/* Keys and letters in the order in which they came. */
struct key {
    SDL_Keycode key; /* 0: letters */
    int mod;         /* CTRL, SHIFT and ALT without their sides */
    char text[SDL_TEXTINPUTEVENT_TEXT_SIZE];
};

struct seen_text {
    struct ui_seen seen;
    char id[48], text[160], why_not[120];
};

struct toast {
    char words[WORDS_MOST];
    double until;
};

/* A list that is open; drawn at the end of the frame, above the rest. */
struct popup {
    uint32_t id; /* 0: none */
    struct ui_box anchor;
    const struct ui_item *items; /* in this frame; NULL: its control was not said */
    int n, at, first;            /* at: under the mouse or the keyboard */
    int picked;                  /* for the next frame; below 0: nothing */
    uint32_t picked_id;
    bool opened; /* in this frame */
};

struct ui {
    SDL_Window *window;
    SDL_Renderer *renderer;
    const struct ui_theme *theme;
    double scale;
    int width, height;
    double now;

    /* what came since the last frame */
    int mouse_x, mouse_y, press_x, press_y, wheel, clicks;
    bool mouse_in, mouse_moved, pressed, released, held;
    struct key keys[KEYS_MOST];
    int n_keys;
    bool command; /* the newest key is one with Ctrl */
    bool later;   /* what is left of keys is for the next frame */
    char typed[TYPED_MOST];
    char composed[TYPED_MOST]; /* by an input method, not yet said */

    uint32_t focus, hot, active, focus_wish;
    bool focus_by_key; /* the ring is shown */
    bool focus_seen;
    bool finished; /* lists, toasts and tips of this frame are drawn */
    uint32_t first_stop, last_stop, before_focus, after_focus;
    int layer, input_layer, top_layer; /* of what is said; of who gets input; the highest seen */

    struct ui_box clips[CLIPS_MOST];
    int n_clips;
    struct popup popup;
    struct toast toasts[TOASTS_MOST];
    struct ui_box toasts_in; /* no size: the window */
    char tip[WORDS_MOST];
    uint32_t tip_id;
    struct ui_box tip_box;
    double tip_since;
    struct ui_scroll *scroll; /* that is being said */
    struct ui_box scroll_box;
    bool reveal; /* the focus has moved: what has it now is scrolled to */
    int drag_from;
    double frame_wish; /* when it wants to be drawn again; 0: not */

    struct texts *texts;
    struct corner corners[CORNERS];
    int next_corner;
    SDL_Texture *icons[UI_ICONS];
    int icon_size;

    struct seen_text seen[SEEN_MOST];
    struct ui_seen list[SEEN_MOST];
    int n_seen;
};

/* core.c */
uint32_t ui_id(const char *id);
bool ui_inside(struct ui_box b, int x, int y);
struct ui_box ui_cross(struct ui_box a, struct ui_box b);
struct ui_box ui_clip_now(const struct ui *ui);
void ui_note(struct ui *ui, const char *id, const char *kind, struct ui_box b, const char *text,
             const char *why_not);
/* What was noted last has no room for all of its text. */
void ui_note_cut(struct ui *ui);
bool ui_gets_input(const struct ui *ui);
void ui_drop_key(struct ui *ui, int i);
/* How many of the keys are for this frame and who says it: what comes after a Tab is for the
 * control that it leads to, and all without Ctrl is for the list that is open. */
int ui_keys_here(const struct ui *ui);
bool ui_is_tab(const struct key *k);
/* The keyboard can come here. Returns whether it is here. */
bool ui_stop(struct ui *ui, uint32_t id, struct ui_box b);
/* Pressed and let go on it, or Space or Enter while the keyboard is there. */
bool ui_activated(struct ui *ui, uint32_t id, struct ui_box b, bool focused);
void ui_tip(struct ui *ui, uint32_t id, struct ui_box b, const char *words);
void ui_again(struct ui *ui, double at); /* a frame is wanted at this time */

/* draw.c */
void draw_round(struct ui *ui, struct ui_box b, uint32_t rgb, int radius);
void draw_ring(struct ui *ui, struct ui_box b, int radius);
void draw_icon(struct ui *ui, enum ui_icon icon, struct ui_box b, uint32_t rgb);
void draw_free(struct ui *ui);
uint32_t mix(uint32_t a, uint32_t b, double part); /* part of b */
SDL_Texture *texture_of(struct ui *ui, cairo_surface_t *surface);
void set_color(struct ui *ui, uint32_t rgb);

/* text.c */
struct texts *texts_open(void);
void texts_close(struct texts *t);
void texts_age(struct texts *t); /* once a frame */
struct drawn {
    SDL_Texture *texture; /* NULL: nothing to draw */
    int w, h;
    bool cut; /* some of the text is missing */
};
enum wrapped { WRAP_NONE, WRAP_SHORTEN, WRAP_LEFT, WRAP_MIDDLE };
/* lines: of a wrapped text at most; 0: all. */
struct drawn text_drawn(struct ui *ui, const char *text, enum ui_font font, uint32_t rgb, int width,
                        enum wrapped wrap, int lines);
PangoLayout *text_layout(const struct ui *ui, const char *text, enum ui_font font, int width,
                         bool wrap);
int text_line_height(const struct ui *ui, enum ui_font font);

/* popup.c */
void popup_draw(struct ui *ui);
#endif
