/* stage.h - a window that nobody sees, drawn by SDL's software renderer, with a hand that types. */
#ifndef STAGE_H
#define STAGE_H
#include "ui/ui.h"

struct stage {
    SDL_Window *window;
    SDL_Renderer *renderer;
    struct ui *ui;
    double now; /* ms */
};

void stage_open(struct stage *s, int width, int height);
void stage_close(struct stage *s);

/* One frame of what say() says; the clock goes on by 20 ms. */
typedef void stage_say(struct ui *ui, void *user);
void stage_frame(struct stage *s, stage_say *say, void *user);

/* Events for the next frame. */
void stage_key(struct stage *s, SDL_Keycode key, int mod);
void stage_letters(struct stage *s, const char *text); /* one event of text, without its key */
void stage_type(struct stage *s, const char *text);    /* each character a key and its letter */
void stage_move(struct stage *s, int x, int y);
void stage_press(struct stage *s, int x, int y, int clicks);
void stage_release(struct stage *s, int x, int y);
void stage_click(struct stage *s, struct ui_box b); /* pressed and let go in its middle */
void stage_wheel(struct stage *s, int by);

/* What was said in the newest frame; NULL: nothing of this id. */
const struct ui_seen *stage_seen(struct stage *s, const char *id);
const struct ui_seen *stage_focused(struct stage *s);
/* The colours of the newest frame, 0xRRGGBB, row by row; from malloc(). */
uint32_t *stage_pixels(struct stage *s, int *width, int *height);
#endif
