/* pickers.c - the bar at the top: what answers, on what, about what. */
#include <stdio.h>
#include <string.h>

#include "view.h"

static void pick_model(struct view *v, struct ui_box b) {
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
    v->model_items[c->n_models] =
        (struct ui_item){.text = "Another …", .detail = "a GGUF file, or a folder's config.json"};
    const int picked = ui_pick(v->ui, "model", b,
                               &(struct ui_picker){.text = a->model_name,
                                                   .tip = "The model that answers",
                                                   .items = v->model_items,
                                                   .n = c->n_models + 1,
                                                   .chosen = chosen});
    if (picked == c->n_models)
        view_open(v);
    else if (picked >= 0)
        app_set_model(a, c->models[picked].path, c->models[picked].mmproj);
    if (ui_pick_opened(v->ui, "model")) app_look(a);
}

static void pick_device(struct view *v, struct ui_box b) {
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
    const int picked =
        ui_pick(v->ui, "device", b,
                &(struct ui_picker){.text = a->device_name[0] ? a->device_name : "Device",
                                    .tip = "The device it runs on",
                                    .why_not = c->n_devices ? NULL : why,
                                    .items = v->device_items,
                                    .n = c->n_devices,
                                    .chosen = chosen});
    if (picked >= 0) app_set_device(a, c->devices[picked].name);
}

void view_devices(struct view *v) {
    if (!v->app.choices.n_devices) {
        app_reload(&v->app);
        return;
    }
    ui_pick_open(v->ui, "device");
    app_look(&v->app);
}

/* Cameras, the screen, a test picture. */
static void pick_source(struct view *v, struct ui_box b) {
    struct app *a = &v->app;
    const struct choices *c = &a->choices;
    const char *specs[CHOICES_CAMERAS + 3];
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
    const int picked = ui_pick(
        v->ui, "source", b,
        &(struct ui_picker){.text = chosen >= 0 ? v->source_items[chosen].text : "Live source",
                            .icon = UI_ICON_CAMERA,
                            .tip = "A camera or the screen instead of a picture",
                            .why_not = source_available()
                                           ? NULL
                                           : "This build has no video: it was made without FFmpeg.",
                            .items = v->source_items,
                            .n = n,
                            .chosen = last});
    if (picked >= 0) {
        settings_text(&a->settings.source, specs[picked]);
        app_show(a, specs[picked]);
    }
    app_watch_cameras(a, ui_pick_is_open(v->ui, "source"));
}

void view_bar(struct view *v, struct ui_box b) {
    struct ui *ui = v->ui;
    const int side = ui_px(ui, 36), gap = ui_px(ui, 8);
    const bool narrow = b.w < ui_px(ui, 860);
    const struct ui_button open = {.text = narrow ? NULL : "Open",
                                   .icon = UI_ICON_OPEN,
                                   .tip = "Open a picture or a video (Ctrl+O)"};
    if (ui_button(ui, "open", ui_cut_left(&b, narrow ? side : ui_button_width(ui, &open)), &open))
        view_open(v);
    ui_cut_left(&b, gap);
    if (ui_button(ui, "help", ui_cut_right(&b, side),
                  &(struct ui_button){.icon = UI_ICON_HELP, .quiet = true, .tip = "Keys (F1)"}))
        v->sheet = SHEET_HELP;
    if (ui_button(
            ui, "settings", ui_cut_right(&b, side),
            &(struct ui_button){.icon = UI_ICON_GEAR, .quiet = true, .tip = "Settings (Ctrl+,)"}))
        v->sheet = SHEET_SETTINGS;
    ui_cut_right(&b, gap);
    int each = (b.w - 2 * gap) / 3;
    if (each > ui_px(ui, 230)) each = ui_px(ui, 230);
    pick_source(v, ui_cut_left(&b, each));
    ui_cut_left(&b, gap);
    pick_model(v, ui_cut_left(&b, each));
    ui_cut_left(&b, gap);
    pick_device(v, ui_cut_left(&b, each));
}
