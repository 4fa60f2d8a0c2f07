/* view.c - `vidi view`, in the program that has a window: opens it, and turns until it is closed.
 */
#include "view.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/cli/cli.h"
#include "engine/cli/session.h"
#include "viewer/model_path.h"
#include "viewer/uilog.h"

enum { FRAME_MS = 33, /* while something goes on */ LEAST_WIDTH = 480, LEAST_HEIGHT = 400 };

/* ---- waking the window ----------------------------------------------------------------------- */

/* The one thing that other threads touch: an event, when none is on its way. */
static Uint32 wake_event;
static atomic_bool woken;

static void wake(void *user) {
    (void)user;
    if (atomic_exchange(&woken, true)) return;
    SDL_Event event = {.type = wake_event};
    if (SDL_PushEvent(&event) < 1) atomic_store(&woken, false);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void on_paste(void *user, struct pasted *p) {
    struct view *v = user;
    uilog("pasted", "{s:I,s:b}", "bytes", (json_int_t)p->bytes, "text", p->text != NULL);
    if (p->picture)
        app_show_bytes(&v->app, p->picture, p->bytes, "pasted picture");
    else if (p->text)
        view_text(v, p->text, p->text_bytes);
    else
        app_toast(&v->app, "%s", p->why ? p->why : "The clipboard is empty.");
}

static void on_drop(struct view *v, const SDL_DropEvent *drop) {
    if (drop->type == SDL_DROPBEGIN) v->drop_over = true;
    if (drop->type == SDL_DROPCOMPLETE) v->drop_over = false;
    if (drop->file) {
        uilog("drop", "{s:s}", "text", drop->file);
        if (drop->type == SDL_DROPFILE)
            app_show(&v->app, drop->file);
        else
            view_text(v, drop->file, strlen(drop->file));
    }
    SDL_free(drop->file);
}

static void on_window(struct view *v, const SDL_WindowEvent *e) {
    if (e->event != SDL_WINDOWEVENT_SIZE_CHANGED) return;
    if (SDL_GetWindowFlags(v->window) & SDL_WINDOW_FULLSCREEN_DESKTOP) return;
    v->app.settings.width = e->data1;
    v->app.settings.height = e->data2;
}

static void on_event(struct view *v, const SDL_Event *e) {
    switch (e->type) {
    case SDL_QUIT:
        v->quit = true;
        break;
    case SDL_DROPFILE:
    case SDL_DROPTEXT:
    case SDL_DROPBEGIN:
    case SDL_DROPCOMPLETE:
        on_drop(v, &e->drop);
        break;
    case SDL_RENDER_TARGETS_RESET:
    case SDL_RENDER_DEVICE_RESET:
        view_picture_free(v);
        break;
    case SDL_WINDOWEVENT:
        on_window(v, &e->window);
        break;
    default:
        break;
    }
    ui_event(v->ui, e);
}

/* Everything that waits, or at least one event or the time. True: something came. */
static bool take_events(struct view *v, int wait_ms) {
    SDL_Event e;
    bool any = false;
    int there = wait_ms < 0 ? SDL_WaitEvent(&e) : SDL_WaitEventTimeout(&e, wait_ms);
    for (; there; there = SDL_PollEvent(&e)) {
        if (e.type == wake_event) {
            atomic_store(&woken, false);
            continue;
        }
        any = true;
        on_event(v, &e);
    }
    return any;
}

/* ---- the loop -------------------------------------------------------------------------------- */

static int sooner(int a, int b) { return a < 0 ? b : b < 0 ? a : a < b ? a : b; }

/* What the command line asked for, once it can be. */
static void ask_first(struct view *v) {
    struct app *a = &v->app;
    const bool there = a->source ? a->frame != NULL : a->shot != NULL;
    const bool waits = v->first_picture || v->first_live;
    if ((!v->first_question && !v->first_live) || (waits && !there) || a->opening) return;
    if (v->first_live && (a->model == MODEL_LOADING || a->next)) return;
    if (v->first_question) ui_edit_set(v->prompt, v->first_question);
    if (v->first_live) {
        app_live_question(a, v->first_question ? v->first_question : ui_edit_text(v->prompt));
        app_live(a, true);
    } else {
        view_send(v);
    }
    free(v->first_question);
    v->first_question = NULL;
    v->first_live = false;
}

static void take_toast(struct view *v) {
    if (v->toasts_seen == v->app.toast_count) return;
    v->toasts_seen = v->app.toast_count;
    ui_toast(v->ui, v->app.toast);
}

static void turn(struct view *v) {
    struct app *a = &v->app;
    double drawn = 0;
    while (!v->quit) {
        int wait = app_turn(a);
        ask_first(v);
        take_toast(v);
        const double now = clock_ms();
        if (a->dirty || a->phase[0]) {
            /* At the pace of a film: words and frames may come faster. */
            const int left = drawn > 0 ? (int)(drawn + FRAME_MS - now) : 0;
            wait = sooner(wait, left > 0 ? left : 0);
        }
        wait = sooner(wait, ui_wait(v->ui, now));
        if (v->boxes_due > 0 && now >= v->boxes_due) view_log_boxes(v);
        if (v->boxes_due > 0) wait = sooner(wait, (int)(v->boxes_due - now) + 1);
        bool draw = wait == 0;
        if (take_events(v, wait)) draw = true;
        if (ui_wait(v->ui, clock_ms()) == 0) draw = true;
        if ((a->dirty || a->phase[0]) && clock_ms() >= drawn + FRAME_MS) draw = true;
        if (!draw) continue;
        a->dirty = false;
        drawn = clock_ms();
        view_draw(v);
        gaps_frame(&v->gaps, a->phase, a->work_since, clock_ms());
        if (!a->phase[0]) gaps_report(&v->gaps);
    }
}

/* ---- opening and closing --------------------------------------------------------------------- */

static void warm(void *user) {
    (void)user;
    ui_warm_fonts();
}
static void warmed(void *user) { (void)user; }

/* OpenGL that is computed by the processor takes more of it than SDL's own drawing. */
static bool is_drawn_by_hand(SDL_Renderer *r) {
    enum { GL_RENDERER_NAME = 0x1f01 };
    static const char *const slow[] = {"llvmpipe", "softpipe", "swrast", "SwiftShader"};
    SDL_RendererInfo info;
    if (SDL_GetRendererInfo(r, &info) != 0 || strncmp(info.name, "opengl", 6) != 0) return false;
    const unsigned char *(*get)(unsigned) = NULL;
    *(void **)&get = SDL_GL_GetProcAddress("glGetString");
    const char *name = get ? (const char *)get(GL_RENDERER_NAME) : NULL;
    for (size_t i = 0; name && i < sizeof slow / sizeof *slow; i++)
        if (strstr(name, slow[i])) return true;
    return false;
}

static SDL_Renderer *make_renderer(SDL_Window *w) {
    SDL_Renderer *r =
        SDL_CreateRenderer(w, -1, SDL_RENDERER_ACCELERATED | SDL_RENDERER_PRESENTVSYNC);
    if (r && is_drawn_by_hand(r)) {
        SDL_DestroyRenderer(r);
        r = NULL;
    }
    return r ? r : SDL_CreateRenderer(w, -1, SDL_RENDERER_SOFTWARE);
}

/* Letters of a size for a screen with so many points, in steps that desktops know, too. */
static double display_scale(SDL_Window *w) {
    SDL_Rect bounds;
    const int display = SDL_GetWindowDisplayIndex(w);
    if (display < 0 || SDL_GetDisplayBounds(display, &bounds) != 0) return 1;
    return bounds.h >= 2000 ? 1.5 : bounds.h >= 1400 ? 1.25 : 1;
}

static const char *open_window(struct view *v) {
    const struct settings *s = &v->app.settings;
    int width, height;
    view_first_size(s, &width, &height);
    v->window = SDL_CreateWindow("vidi", SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, width,
                                 height, SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
    if (!v->window) return SDL_GetError();
    SDL_SetWindowMinimumSize(v->window, LEAST_WIDTH, LEAST_HEIGHT);
    v->renderer = make_renderer(v->window);
    if (!v->renderer) return SDL_GetError();
    v->scale = view_screen_scale(v->window, v->renderer);
    v->display_scale = v->scale > 1 ? 1 : display_scale(v->window);
    v->ui = ui_open(v->window, v->renderer);
    v->prompt = ui_edit_open();
    v->path = ui_edit_open();
    v->clipboard = clipboard_open(v->app.jobs, on_paste, v);
    if (!v->ui || !v->prompt || !v->path || !v->clipboard) return "no memory";
    SDL_EventState(SDL_DROPFILE, SDL_ENABLE);
    SDL_EventState(SDL_DROPTEXT, SDL_ENABLE);
    SDL_StartTextInput();
    ui_focus(v->ui, "prompt");
    jobs_run(v->app.jobs, warm, warmed, NULL);
    SDL_RendererInfo info;
    if (SDL_GetRendererInfo(v->renderer, &info) == 0)
        uilog("window", "{s:s,s:f,s:s,s:f}", "renderer", info.name, "scale", v->scale, "theme",
              s->theme, "size", s->scale);
    return NULL;
}

static void close_window(struct view *v) {
    view_picture_free(v);
    ui_close(v->ui);
    ui_edit_close(v->prompt);
    ui_edit_close(v->path);
    clipboard_close(v->clipboard);
    free(v->first_question);
    SDL_DestroyRenderer(v->renderer);
    SDL_DestroyWindow(v->window);
}

static bool take_options(struct view *v, const struct options *o) {
    struct settings *s = &v->app.settings;
    if (o->theme) {
        snprintf(s->theme, sizeof s->theme, "%s", o->theme);
        settings_lend(s, "theme");
    }
    if (o->scale > 0) {
        s->scale = o->scale / 100;
        settings_lend(s, "scale");
    }
    v->first_live = o->live;
    char *model = o->rest.n ? model_path_of(o->rest.items[0]) : NULL;
    v->first_picture = o->rest.n && !model;
    free(model);
    if (!o->prompt) return true;
    v->first_question = strdup(o->prompt);
    return v->first_question != NULL;
}

static int run(struct cli *cli, struct view *v, const vidi_adapter *adapters) {
    const struct options *o = &cli->opt;
    const struct app_options options = {.hub_cache = cli->env.hub_cache,
                                        .cache_dir = o->no_cache ? NULL : cli->env.cache_dir,
                                        .device = o->device,
                                        .debug = o->debug,
                                        .model = session_model_path(cli, NULL),
                                        .mmproj = o->mmproj ? o->mmproj : cli->hub.mmproj,
                                        .chat_form = o->chat_form,
                                        .adapters = adapters,
                                        .n_adapters = adapters ? o->loras.n : 0,
                                        .context = o->context,
                                        .cache = (vidi_cache)o->cache,
                                        .weights = (vidi_weights)o->weights,
                                        .wake = wake,
                                        .user = v};
    if (!app_open(&v->app, &options, o->no_config ? NULL : cli->env.config_dir) ||
        !take_options(v, o))
        return cli_fail(cli, CLI_MEMORY, "no memory to open the viewer");
    const char *why = open_window(v);
    if (why) return cli_fail(cli, CLI_FAILED, "no window can be opened: %s", why);
    app_begin(&v->app);
    if (o->rest.n) app_show(&v->app, o->rest.items[0]);
    turn(v);
    if (!settings_write(&v->app.settings))
        cli_note(cli, "the settings cannot be kept: %s", strerror(errno));
    return CLI_OK;
}

int cmd_view(struct cli *cli) {
    const struct options *o = &cli->opt;
    if (o->theme && !ui_theme_find(o->theme))
        return cli_fail(cli, CLI_USAGE, "--theme wants dark, light or contrast, not \"%.40s\"",
                        o->theme);
    if (o->ui_log && !uilog_open(o->ui_log))
        return cli_fail(cli, CLI_FAILED, "%s: %s", o->ui_log, strerror(errno));
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear");
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    SDL_SetHint(SDL_HINT_IME_SHOW_UI, "1");
#ifdef SDL_HINT_IME_SUPPORT_EXTENDED_TEXT
    SDL_SetHint(SDL_HINT_IME_SUPPORT_EXTENDED_TEXT, "1"); /* else 31 bytes of it are shown */
#endif
    if (SDL_Init(SDL_INIT_VIDEO) != 0 || !view_is_seen())
        return cli_fail(cli, CLI_FAILED,
                        "there is no screen to open a window on (%s); `vidi chat` works without",
                        SDL_GetError());
    wake_event = SDL_RegisterEvents(1);
    struct view *v = calloc(1, sizeof *v);
    vidi_adapter *adapters = session_adapters(cli);
    if (!v || (o->loras.n && !adapters))
        return cli_fail(cli, CLI_MEMORY, "no memory to open the viewer");
    const int code = run(cli, v, adapters);
    uilog("closing", "{s:I}", "frames", (json_int_t)v->gaps.drawn);
    close_window(v);
    const bool clean = app_close(&v->app);
    session_adapters_free(adapters, o->loras.n);
    uilog("closed", "{s:b}", "clean", clean);
    uilog_close();
    if (!clean) _exit(code); /* a thread that does not come back must not hold up the end */
    free(v);
    SDL_Quit();
    return code;
}
