#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Fontconfig keeps what it read; only leaks of other makers are ours. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libfontconfig\n"; }

void stage_open(struct stage *s, int width, int height) {
    *s = (struct stage){.now = 1000};
    SDL_setenv("SDL_VIDEODRIVER", "dummy", 1);
    assert_int_equal(SDL_Init(SDL_INIT_VIDEO), 0);
    s->window = SDL_CreateWindow("stage", 0, 0, width, height, 0);
    assert_non_null(s->window);
    s->renderer = SDL_CreateRenderer(s->window, -1, SDL_RENDERER_SOFTWARE);
    assert_non_null(s->renderer);
    s->ui = ui_open(s->window, s->renderer);
    assert_non_null(s->ui);
}

void stage_close(struct stage *s) {
    ui_close(s->ui);
    SDL_DestroyRenderer(s->renderer);
    SDL_DestroyWindow(s->window);
    SDL_Quit();
}

void stage_frame(struct stage *s, stage_say *say, void *user) {
    ui_begin(s->ui, s->now);
    say(s->ui, user);
    ui_end(s->ui);
    s->now += 20;
}

void stage_key(struct stage *s, SDL_Keycode key, int mod) {
    SDL_Event e = {.type = SDL_KEYDOWN};
    e.key.keysym.sym = key;
    e.key.keysym.mod = (Uint16)mod;
    ui_event(s->ui, &e);
}

void stage_letters(struct stage *s, const char *text) {
    SDL_Event e = {.type = SDL_TEXTINPUT};
    snprintf(e.text.text, sizeof e.text.text, "%s", text);
    ui_event(s->ui, &e);
}

void stage_type(struct stage *s, const char *text) {
    while (*text) {
        char letter[8];
        size_t n = 1;
        while (((unsigned char)text[n] & 0xc0) == 0x80) n++;
        snprintf(letter, sizeof letter, "%.*s", (int)n, text);
        stage_key(s, SDLK_UNKNOWN + 1, KMOD_NONE);
        stage_letters(s, letter);
        text += n;
    }
}

void stage_move(struct stage *s, int x, int y) {
    SDL_Event e = {.type = SDL_MOUSEMOTION};
    e.motion.x = x;
    e.motion.y = y;
    ui_event(s->ui, &e);
}

static void button(struct stage *s, Uint32 type, int x, int y, int clicks) {
    SDL_Event e = {.type = type};
    e.button.button = SDL_BUTTON_LEFT;
    e.button.clicks = (Uint8)clicks;
    e.button.x = x;
    e.button.y = y;
    ui_event(s->ui, &e);
}

void stage_press(struct stage *s, int x, int y, int clicks) {
    button(s, SDL_MOUSEBUTTONDOWN, x, y, clicks);
}

void stage_release(struct stage *s, int x, int y) { button(s, SDL_MOUSEBUTTONUP, x, y, 1); }

void stage_click(struct stage *s, struct ui_box b) {
    stage_press(s, b.x + b.w / 2, b.y + b.h / 2, 1);
    stage_release(s, b.x + b.w / 2, b.y + b.h / 2);
}

void stage_wheel(struct stage *s, int by) {
    SDL_Event e = {.type = SDL_MOUSEWHEEL};
    e.wheel.y = by;
    ui_event(s->ui, &e);
}

const struct ui_seen *stage_seen(struct stage *s, const char *id) {
    const struct ui_seen *list;
    const int n = ui_seen(s->ui, &list);
    for (int i = 0; i < n; i++)
        if (strcmp(list[i].id, id) == 0) return &list[i];
    return NULL;
}

const struct ui_seen *stage_focused(struct stage *s) {
    const struct ui_seen *list;
    const int n = ui_seen(s->ui, &list);
    for (int i = 0; i < n; i++)
        if (ui_has_focus(s->ui, list[i].id)) return &list[i];
    return NULL;
}

uint32_t *stage_pixels(struct stage *s, int *width, int *height) {
    assert_int_equal(SDL_GetRendererOutputSize(s->renderer, width, height), 0);
    uint32_t *pixels = malloc((size_t)*width * (size_t)*height * 4);
    assert_non_null(pixels);
    SDL_RenderSetClipRect(s->renderer, NULL);
    assert_int_equal(
        SDL_RenderReadPixels(s->renderer, NULL, SDL_PIXELFORMAT_ARGB8888, pixels, *width * 4), 0);
    for (int i = 0; i < *width * *height; i++) pixels[i] &= 0xffffff;
    return pixels;
}
