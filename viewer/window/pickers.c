/* pickers.c - the bar at the top: what answers, on what, about what. */
#include <stdio.h>
#include <string.h>

#include "view.h"

/* ---- what answers ---------------------------------------------------------------------------- */

static struct ui_picker model_picker(struct view *v) {
    struct app *a = &v->app;
    const struct choices *c = &a->choices;
    int chosen = -1;
    for (int i = 0; i < c->n_models; i++) {
        const struct model_choice *m = &c->models[i];
        v->model_items[i] =
            (struct ui_item){.text = m->name, .detail = m->detail, .why_not = m->reason};
        const char *now = a->settings.model;
        if (m->path == NULL ? now == NULL : now && strcmp(m->path, now) == 0) chosen = i;
    }
    snprintf(v->model_tip, sizeof v->model_tip, "The model that answers: %s", a->model_name);
    v->model_items[c->n_models] =
        (struct ui_item){.text = "Another …", .detail = "a GGUF file, or a folder's config.json"};
    return (struct ui_picker){.text = a->model_name,
                              .tip = v->model_tip,
                              .may_cut = true,
                              .items = v->model_items,
                              .n = c->n_models + 1,
                              .chosen = chosen};
}

void view_pick_model(struct view *v, struct ui_box b) {
    struct app *a = &v->app;
    const struct choices *c = &a->choices;
    const struct ui_picker p = model_picker(v);
    const int picked = ui_pick(v->ui, "model", b, &p);
    if (picked == c->n_models)
        view_open(v);
    else if (picked >= 0)
        app_set_model(a, c->models[picked].path, c->models[picked].mmproj);
    if (ui_pick_opened(v->ui, "model")) app_look(a);
}

/* ---- on what --------------------------------------------------------------------------------- */

/* "llvmpipe (LLVM 15.0.6, 256 bits)" is "llvmpipe (CPU)" where there is little room. */
static const char *short_name(const struct view *v, char *out, size_t cap) {
    const struct app *a = &v->app;
    bool cpu = false;
    for (int i = 0; i < a->choices.n_devices; i++) {
        const struct device_choice *d = &a->choices.devices[i];
        if (strcmp(d->name, a->device_name) == 0 && d->detail) cpu = !strncmp(d->detail, "cpu", 3);
    }
    const char *bracket = strstr(a->device_name, " (");
    const size_t n = bracket ? (size_t)(bracket - a->device_name) : strlen(a->device_name);
    snprintf(out, cap, "%.*s%s", (int)n, a->device_name, cpu ? " (CPU)" : "");
    return n ? out : "Device";
}

static struct ui_picker device_picker(struct view *v) {
    struct app *a = &v->app;
    const struct choices *c = &a->choices;
    int chosen = -1;
    for (int i = 0; i < c->n_devices; i++) {
        const struct device_choice *d = &c->devices[i];
        v->device_items[i] =
            (struct ui_item){.text = d->name, .detail = d->detail, .why_not = d->reason};
        if (strcmp(d->name, a->device_name) == 0) chosen = i;
    }
    const char *why = a->looking    ? "Devices are being looked for."
                      : c->error[0] ? c->error
                                    : "There is no Vulkan device.";
    snprintf(v->device_tip, sizeof v->device_tip, "The device it runs on%s%s",
             a->device_name[0] ? ": " : "", a->device_name);
    return (struct ui_picker){.text = short_name(v, v->device_short, sizeof v->device_short),
                              .tip = v->device_tip,
                              .why_not = c->n_devices ? NULL : why,
                              .may_cut = true,
                              .items = v->device_items,
                              .n = c->n_devices,
                              .chosen = chosen};
}

void view_pick_device(struct view *v, struct ui_box b) {
    struct app *a = &v->app;
    const struct choices *c = &a->choices;
    const struct ui_picker p = device_picker(v);
    const int picked = ui_pick(v->ui, "device", b, &p);
    if (picked >= 0) app_set_device(a, c->devices[picked].name);
}

void view_devices(struct view *v) {
    if (!v->app.choices.n_devices) {
        app_reload(&v->app);
        return;
    }
    if (v->bar_lacks_device) v->sheet = SHEET_SETTINGS;
    ui_pick_open(v->ui, "device");
    app_look(&v->app);
}

/* ---- about what ------------------------------------------------------------------------------ */

/* Cameras, the screen, a test picture. */
static struct ui_picker source_picker(struct view *v,
                                      const char *specs[static CHOICES_CAMERAS + 3]) {
    const struct app *a = &v->app;
    const struct choices *c = &a->choices;
    int n = 0, chosen = -1;
    for (int i = 0; i < c->n_cameras; i++) {
        specs[n] = c->cameras[i].spec;
        v->source_items[n++] =
            (struct ui_item){.text = c->cameras[i].name, .detail = c->cameras[i].spec};
    }
    if (!c->n_cameras) {
        specs[n] = "camera";
        v->source_items[n++] = (struct ui_item){.text = "Camera", .why_not = "no camera was found"};
    }
    specs[n] = "x11:";
    v->source_items[n++] = (struct ui_item){.text = "This screen", .detail = "x11:"};
    specs[n] = "test";
    v->source_items[n++] = (struct ui_item){.text = "Test picture", .detail = "moving"};
    for (int i = 0; i < n; i++)
        if (a->source_spec && strcmp(a->source_spec, specs[i]) == 0) chosen = i;
    int last = chosen; /* the one that was used last is where the list begins */
    for (int i = 0; i < n && last < 0; i++)
        if (a->settings.source && strcmp(a->settings.source, specs[i]) == 0) last = i;
    return (struct ui_picker){
        .text = chosen >= 0 ? v->source_items[chosen].text : "Live source",
        .icon = UI_ICON_CAMERA,
        .tip = "A camera or the screen instead of a picture",
        .why_not =
            source_available() ? NULL : "This build has no video: it was made without FFmpeg.",
        .may_cut = chosen >= 0,
        .items = v->source_items,
        .n = n,
        .chosen = last};
}

static void pick_source(struct view *v, struct ui_box b, bool with_text) {
    struct app *a = &v->app;
    const char *specs[CHOICES_CAMERAS + 3];
    struct ui_picker p = source_picker(v, specs);
    if (!with_text) p.text = NULL;
    const int picked = ui_pick(v->ui, "source", b, &p);
    if (picked >= 0) {
        settings_text(&a->settings.source, specs[picked]);
        app_show(a, specs[picked]);
    }
    app_watch_cameras(a, ui_pick_is_open(v->ui, "source"));
}

/* ---- the bar --------------------------------------------------------------------------------- */

enum { SIDE = 36, GAP = 8, NAME_LEAST = 170, NAME_MOST = 300 };

/* How much of the bar has room. */
struct bar {
    bool open_text, source_text, model, device;
    int open, source, model_w, device_w;
};

static int within(int w, int most) { return w < most ? w : most; }

static int bar_width(struct view *v, const struct bar *b) {
    const int gap = ui_px(v->ui, GAP);
    int w = b->open + gap + b->source;
    if (b->model) w += gap + b->model_w;
    if (b->device) w += gap + b->device_w;
    return w;
}

/* All of it; with shorter names; without the device, the model (which are in the settings then),
 * the words. */
static struct bar fit_bar(struct view *v, const struct ui_button *open, int room) {
    struct ui *ui = v->ui;
    const char *specs[CHOICES_CAMERAS + 3];
    const int most = ui_px(ui, NAME_MOST), side = ui_px(ui, SIDE);
    struct ui_picker source = source_picker(v, specs);
    const struct ui_picker model = model_picker(v), device = device_picker(v);
    struct bar b = {.open_text = true,
                    .source_text = true,
                    .model = true,
                    .device = true,
                    .open = ui_button_width(ui, open),
                    .source = within(ui_picker_width(ui, &source), most),
                    .model_w = within(ui_picker_width(ui, &model), most),
                    .device_w = within(ui_picker_width(ui, &device), most)};
    for (int step = 0; step < 6 && bar_width(v, &b) > room; step++) {
        const int over = bar_width(v, &b) - room, least = ui_px(ui, NAME_LEAST);
        if (step == 0) b.open = side, b.open_text = false;
        if (step == 1 && b.model_w > least) b.model_w -= within(over, b.model_w - least);
        if (step == 2 && b.device_w > least) b.device_w -= within(over, b.device_w - least);
        if (step == 3) b.device = false;
        if (step == 4) b.model = false;
        if (step == 5) b.source_text = false;
    }
    source.text = NULL;
    if (!b.source_text) b.source = ui_picker_width(ui, &source);
    return b;
}

void view_bar(struct view *v, struct ui_box b) {
    struct ui *ui = v->ui;
    const int side = ui_px(ui, SIDE), gap = ui_px(ui, GAP);
    struct ui_button open = {
        .text = "Open", .icon = UI_ICON_OPEN, .tip = "Open a picture or a video (Ctrl+O)"};
    const struct bar bar = fit_bar(v, &open, b.w - 2 * side - gap);
    if (!bar.open_text) open.text = NULL;
    if (ui_button(ui, "open", ui_cut_left(&b, bar.open), &open)) view_open(v);
    if (ui_button(ui, "help", ui_cut_right(&b, side),
                  &(struct ui_button){.icon = UI_ICON_HELP, .quiet = true, .tip = "Keys (F1)"}))
        v->sheet = SHEET_HELP;
    if (ui_button(
            ui, "settings", ui_cut_right(&b, side),
            &(struct ui_button){.icon = UI_ICON_GEAR, .quiet = true, .tip = "Settings (Ctrl+,)"}))
        v->sheet = SHEET_SETTINGS;
    ui_cut_left(&b, gap);
    pick_source(v, ui_cut_left(&b, bar.source), bar.source_text);
    ui_cut_left(&b, gap);
    v->bar_lacks_model = !bar.model;
    v->bar_lacks_device = !bar.device;
    if (bar.model) {
        view_pick_model(v, ui_cut_left(&b, bar.model_w));
        ui_cut_left(&b, gap);
    }
    if (bar.device) view_pick_device(v, ui_cut_left(&b, bar.device_w));
}
