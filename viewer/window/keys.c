/* keys.c - what keys, drops and pastes do. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/cli/address.h"
#include "view.h"
#include "viewer/dialog.h"
#include "viewer/paths.h"
#include "viewer/uilog.h"

/* ---- actions --------------------------------------------------------------------------------- */

void view_send(struct view *v) {
    struct app *a = &v->app;
    const char *question = ui_edit_text(v->prompt);
    if (a->live) { /* asked from the next frame on */
        app_live_question(a, question);
        app_toast(a, "Live mode now asks: %.100s", a->live_question);
        return;
    }
    v->scroll.loose = false;
    if (app_ask(a, question)) ui_edit_set(v->prompt, "");
    ui_focus(v->ui, "prompt");
}

static void dialog_done(void *user, const char *path, bool none) {
    struct view *v = user;
    v->dialog_open = false;
    v->app.dirty = true;
    uilog("dialog", "{s:b,s:b}", "picked", path != NULL, "none", none);
    if (path) app_show(&v->app, path);
    if (!none) return;
    v->sheet = SHEET_PATH;
    ui_focus(v->ui, "path");
}

void view_open(struct view *v) {
    if (v->dialog_open) return;
    v->dialog_open = dialog_open(v->app.jobs, dialog_done, v);
    if (!v->dialog_open) dialog_done(v, NULL, true);
}

/* A picture that is its own address, as browsers copy them. False: it is none. */
static bool show_data(struct view *v, const char *text) {
    char *data;
    size_t bytes;
    text += strspn(text, " \t\r\n");
    if (strncasecmp(text, "data:image/", 11) != 0) return false; /* words may begin with data: */
    const char *why = address_data(text, &data, &bytes);
    if (why)
        app_toast(&v->app, "The data: address %s.", why);
    else
        app_show_bytes(&v->app, data, bytes, "pasted picture");
    return true;
}

void view_text(struct view *v, const char *text, size_t len) {
    char words[160];
    if (show_data(v, text)) return;
    char *path = paths_in(text);
    if (path) {
        app_show(&v->app, path);
        free(path);
        return;
    }
    const char *why = ui_edit_paste(v->prompt, text, len, words);
    if (why) app_toast(&v->app, "%s", why);
    ui_focus(v->ui, "prompt");
    v->app.dirty = true;
}

void view_paste(struct view *v) {
    const char *driver = SDL_GetCurrentVideoDriver();
    const bool wayland = driver && strcmp(driver, "wayland") == 0;
    uilog("paste", "{}");
    if (!clipboard_ask(v->clipboard, wayland)) app_toast(&v->app, "Already pasting.");
}

static void say_written(struct view *v, const char *path, bool good) {
    if (good)
        app_toast(&v->app, "Written: %.120s", path);
    else
        app_toast(&v->app, "%.90s cannot be written: %s", path, strerror(errno));
    uilog("written", "{s:s,s:b}", "path", path, "good", good);
}

void view_screenshot(struct view *v) {
    char *path = paths_fresh(NULL, ".png");
    if (path) say_written(v, path, ui_screenshot(v->ui, path));
    free(path);
}

void view_export(struct view *v, bool markdown) {
    if (!v->app.talk.n) return;
    char *path = paths_fresh(NULL, markdown ? ".md" : ".jsonl");
    if (path)
        say_written(v, path,
                    markdown ? transcript_write_markdown(&v->app.talk, path)
                             : transcript_write_jsonl(&v->app.talk, path));
    free(path);
}

void view_theme(struct view *v, const char *name) {
    snprintf(v->app.settings.theme, sizeof v->app.settings.theme, "%s", name);
    settings_own(&v->app.settings, "theme");
    v->app.dirty = true;
    uilog("theme", "{s:s}", "theme", name);
}

void view_zoom(struct view *v, double scale) {
    v->app.settings.scale = scale < 0.5 ? 0.5 : scale > 3 ? 3 : scale;
    settings_own(&v->app.settings, "scale");
    v->app.dirty = true;
    uilog("scale", "{s:f}", "scale", v->app.settings.scale);
}

static void full_screen(struct view *v) {
    const bool on = (SDL_GetWindowFlags(v->window) & SDL_WINDOW_FULLSCREEN_DESKTOP) != 0;
    SDL_SetWindowFullscreen(v->window, on ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP);
}

void view_copy(struct view *v, const char *text, const char *what) {
    SDL_SetClipboardText(text);
    app_toast(&v->app, "The %s copied.", what);
    uilog("copied", "{s:s}", "text", text);
}

static void copy_answer(struct view *v) {
    const struct transcript *t = &v->app.talk;
    for (size_t i = t->n; i-- > 0;)
        if (t->items[i].answer[0]) {
            view_copy(v, t->items[i].answer, "answer was");
            return;
        }
}

static void copy_numbers(struct view *v) {
    const struct transcript *t = &v->app.talk;
    for (size_t i = t->n; i-- > 0;)
        if (t->items[i].stats) {
            view_copy_numbers(v, &t->items[i]);
            return;
        }
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void closer(struct view *v) { view_zoom_picture(v, 1.25, 0, 0); }
static void farther(struct view *v) { view_zoom_picture(v, 1 / 1.25, 0, 0); }
static void whole(struct view *v) { view_zoom_picture(v, 0, 0, 0); }
static void to_left(struct view *v) { view_zoom_picture(v, 1, -0.1, 0); }
static void to_right(struct view *v) { view_zoom_picture(v, 1, 0.1, 0); }
static void upwards(struct view *v) { view_zoom_picture(v, 1, 0, -0.1); }
static void downwards(struct view *v) { view_zoom_picture(v, 1, 0, 0.1); }
static void larger(struct view *v) { view_zoom(v, v->app.settings.scale + 0.25); }
static void smaller(struct view *v) { view_zoom(v, v->app.settings.scale - 0.25); }
static void as_it_was(struct view *v) { view_zoom(v, 1); }
static void help(struct view *v) { v->sheet = v->sheet == SHEET_HELP ? SHEET_NONE : SHEET_HELP; }
static void settings(struct view *v) { v->sheet = SHEET_SETTINGS; }
static void again(struct view *v) { app_ask_again(&v->app); }
static void clear(struct view *v) { app_clear(&v->app); }
static void quit(struct view *v) { v->quit = true; }
static void shoot(struct view *v) { v->wanted_screenshot = true; }
static void save(struct view *v) { view_export(v, true); }
static void save_lines(struct view *v) { view_export(v, false); }

static void live(struct view *v) {
    struct app *a = &v->app;
    if (!a->source && !a->next && a->settings.source && source_available()) {
        v->first_live = v->first_picture = true; /* with the camera of the last time */
        app_show(a, a->settings.source);
        return;
    }
    if (!a->live) app_live_question(a, ui_edit_text(v->prompt));
    app_live(a, !a->live);
}

static const struct {
    SDL_Keycode key;
    int mod;
    void (*does)(struct view *v);
} shortcuts[] = {
    {SDLK_o, KMOD_CTRL, view_open},
    {SDLK_r, KMOD_CTRL, again},
    {SDLK_l, KMOD_CTRL, live},
    {SDLK_k, KMOD_CTRL, clear},
    {SDLK_s, KMOD_CTRL, save},
    {SDLK_s, KMOD_CTRL | KMOD_SHIFT, save_lines},
    {SDLK_c, KMOD_CTRL, copy_answer}, /* where nothing is selected */
    {SDLK_c, KMOD_CTRL | KMOD_SHIFT, copy_answer},
    {SDLK_n, KMOD_CTRL | KMOD_SHIFT, copy_numbers},
    {SDLK_COMMA, KMOD_CTRL, settings},
    {SDLK_PLUS, KMOD_CTRL, larger},
    {SDLK_PLUS, KMOD_CTRL | KMOD_SHIFT, larger},
    {SDLK_EQUALS, KMOD_CTRL, larger},
    {SDLK_EQUALS, KMOD_CTRL | KMOD_SHIFT, larger}, /* the plus of many keyboards */
    {SDLK_EQUALS, KMOD_CTRL | KMOD_SHIFT, larger},
    {SDLK_KP_PLUS, KMOD_CTRL, larger},
    {SDLK_MINUS, KMOD_CTRL, smaller},
    {SDLK_KP_MINUS, KMOD_CTRL, smaller},
    {SDLK_0, KMOD_CTRL, as_it_was},
    {SDLK_PLUS, KMOD_ALT, closer},
    {SDLK_PLUS, KMOD_ALT | KMOD_SHIFT, closer},
    {SDLK_EQUALS, KMOD_ALT, closer},
    {SDLK_EQUALS, KMOD_ALT | KMOD_SHIFT, closer},
    {SDLK_KP_PLUS, KMOD_ALT, closer},
    {SDLK_MINUS, KMOD_ALT, farther},
    {SDLK_KP_MINUS, KMOD_ALT, farther},
    {SDLK_0, KMOD_ALT, whole},
    {SDLK_LEFT, KMOD_ALT, to_left},
    {SDLK_RIGHT, KMOD_ALT, to_right},
    {SDLK_UP, KMOD_ALT, upwards},
    {SDLK_DOWN, KMOD_ALT, downwards},
    {SDLK_F1, KMOD_NONE, help},
    {SDLK_F11, KMOD_NONE, full_screen},
    {SDLK_F12, KMOD_NONE, shoot},
    {SDLK_q, KMOD_CTRL, quit},
};

/* Before the controls: pasting, which is more than text here. */
void view_keys_first(struct view *v) {
    if (v->sheet != SHEET_NONE) return;
    if (ui_key(v->ui, SDLK_v, KMOD_CTRL) || ui_key(v->ui, SDLK_INSERT, KMOD_SHIFT)) view_paste(v);
}

/* A space that the prompt left, or that came while it was empty and others had the focus. */
static void freeze(struct view *v) {
    const bool left = ui_has_focus(v->ui, "prompt") || !ui_edit_text(v->prompt)[0];
    if (v->app.source && left && ui_typed(v->ui)[0] == ' ' && ui_take_typed(v->ui, " "))
        app_freeze(&v->app, !v->app.frozen);
}

void view_keys(struct view *v) {
    for (size_t i = 0; i < sizeof shortcuts / sizeof *shortcuts; i++)
        if (ui_key(v->ui, shortcuts[i].key, shortcuts[i].mod)) {
            uilog("key", "{s:s}", "name", SDL_GetKeyName(shortcuts[i].key));
            shortcuts[i].does(v);
            v->app.dirty = true;
        }
    if (v->sheet == SHEET_NONE) freeze(v);
    if (v->sheet == SHEET_NONE && ui_typed(v->ui)[0]) { /* letters are for the prompt */
        ui_edit_insert(v->prompt, ui_typed(v->ui));
        ui_focus(v->ui, "prompt");
        v->app.dirty = true;
    }
    if (v->sheet == SHEET_NONE && ui_key(v->ui, SDLK_ESCAPE, KMOD_NONE)) app_stop(&v->app);
}
