/* sheets.c - what lies above the window: the keys, the settings, a path to type. */
#include <stdio.h>
#include <string.h>

#include "view.h"

/* ---- the keys -------------------------------------------------------------------------------- */

static const struct {
    const char *keys, *what;
} shortcuts[] = {
    {"Enter", "Ask"},
    {"Shift+Enter", "A new line"},
    {"Esc", "Stop"},
    {"Ctrl+O", "Open a picture or a video"},
    {"Ctrl+V", "Paste a picture, files or text"},
    {"Ctrl+R", "Ask the newest question once more"},
    {"Ctrl+L", "Live mode on or off; with the camera used last"},
    {"Space", "Freeze the picture, while nothing is typed"},
    {"Ctrl+K", "A new conversation"},
    {"Ctrl+S", "Save the conversation as Markdown"},
    {"Ctrl+Shift+S", "Save the conversation as JSON Lines"},
    {"Ctrl+C", "Copy what is selected; else the newest answer, as Ctrl+Shift+C"},
    {"Ctrl+Shift+N", "Copy the numbers of the newest answer"},
    {"Tab, Shift+Tab", "To the next control, to the one before"},
    {"Ctrl+Plus, Minus, 0", "Larger, smaller, as it was"},
    {"Alt+Plus, Minus, 0", "The picture closer, farther, whole; the wheel does it, too"},
    {"Alt+Arrows", "Another part of the picture; or drag it"},
    {"F11", "Full screen"},
    {"F12", "Save a screenshot"},
    {"Ctrl+Q", "Quit"},
};

static void help(struct view *v) {
    struct ui *ui = v->ui;
    bool close;
    const int n = sizeof shortcuts / sizeof *shortcuts, row = ui_px(ui, 27);
    struct ui_box b =
        ui_sheet_begin(ui, "help.sheet", ui_px(ui, 560), n * row + ui_px(ui, 90), "Keys", &close);
    struct ui_box in = ui_scroll_begin(ui, "help.list", b, &v->help_scroll, n * row, false);
    for (int i = 0; i < n; i++) {
        struct ui_box line = ui_cut_top(&in, row);
        if (!ui_visible(ui, line)) continue;
        ui_label(ui, "help.keys", ui_cut_left(&line, line.w * 2 / 5), shortcuts[i].keys,
                 &(struct ui_text){.font = UI_STRONG, .rgb = ui_look_of(ui)->text});
        ui_label(ui, "help.what", line, shortcuts[i].what,
                 &(struct ui_text){.rgb = ui_look_of(ui)->text});
    }
    ui_scroll_end(ui);
    ui_sheet_end(ui);
    if (close) v->sheet = SHEET_NONE;
}

/* ---- settings -------------------------------------------------------------------------------- */

static struct ui_box setting(struct view *v, struct ui_box *b, const char *name) {
    struct ui *ui = v->ui;
    struct ui_box row = ui_cut_top(b, ui_px(ui, 36));
    ui_cut_top(b, ui_px(ui, 8));
    ui_label(ui, "setting", ui_cut_left(&row, row.w / 2), name,
             &(struct ui_text){.rgb = ui_look_of(ui)->text});
    return row;
}

static void pick_theme(struct view *v, struct ui_box b) {
    static const struct ui_item items[] = {
        {.text = "dark"}, {.text = "light"}, {.text = "contrast", .detail = "high contrast"}};
    int chosen = 0;
    for (int i = 0; i < 3; i++)
        if (strcmp(items[i].text, v->app.settings.theme) == 0) chosen = i;
    const int picked =
        ui_pick(v->ui, "theme", b,
                &(struct ui_picker){
                    .text = v->app.settings.theme, .items = items, .n = 3, .chosen = chosen});
    if (picked >= 0) view_theme(v, items[picked].text);
}

static void pick_scale(struct view *v, struct ui_box b) {
    static const double scales[] = {0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3};
    static const struct ui_item items[] = {{.text = "50 %"},  {.text = "75 %"},  {.text = "100 %"},
                                           {.text = "125 %"}, {.text = "150 %"}, {.text = "200 %"},
                                           {.text = "250 %"}, {.text = "300 %"}};
    char now[32];
    int chosen = -1;
    snprintf(now, sizeof now, "%.0f %%", v->app.settings.scale * 100);
    for (int i = 0; i < 8; i++)
        if (scales[i] == v->app.settings.scale) chosen = i;
    const int picked =
        ui_pick(v->ui, "scale", b,
                &(struct ui_picker){.text = now, .items = items, .n = 8, .chosen = chosen});
    if (picked >= 0) view_zoom(v, scales[picked]);
}

static void pick_length(struct view *v, struct ui_box b) {
    static const int lengths[] = {32, 128, 512, 2048};
    static const struct ui_item items[] = {{.text = "32 tokens"},
                                           {.text = "128 tokens"},
                                           {.text = "512 tokens"},
                                           {.text = "2048 tokens"}};
    char now[32];
    int chosen = -1;
    snprintf(now, sizeof now, "%d tokens", v->app.settings.max_tokens);
    for (int i = 0; i < 4; i++)
        if (lengths[i] == v->app.settings.max_tokens) chosen = i;
    const int picked =
        ui_pick(v->ui, "length", b,
                &(struct ui_picker){.text = now, .items = items, .n = 4, .chosen = chosen});
    if (picked >= 0) v->app.settings.max_tokens = lengths[picked];
}

static void settings(struct view *v) {
    struct ui *ui = v->ui;
    struct settings *s = &v->app.settings;
    bool close;
    struct ui_box b =
        ui_sheet_begin(ui, "settings.sheet", ui_px(ui, 480), ui_px(ui, 300), "Settings", &close);
    pick_theme(v, setting(v, &b, "Colours"));
    pick_scale(v, setting(v, &b, "Size"));
    pick_length(v, setting(v, &b, "Longest answer"));
    if (ui_button(ui, "brief", setting(v, &b, "Short answers"),
                  &(struct ui_button){.text = s->brief ? "On" : "Off",
                                      .on = s->brief,
                                      .tip = "Adds to each question: answer in a few words"}))
        s->brief = !s->brief;
    ui_sheet_end(ui);
    if (close) v->sheet = SHEET_NONE;
}

/* ---- a path ---------------------------------------------------------------------------------- */

static void path(struct view *v) {
    struct ui *ui = v->ui;
    bool close, open = false;
    struct ui_box b = ui_sheet_begin(ui, "path.sheet", ui_px(ui, 560), ui_px(ui, 190),
                                     "Open a picture, a video or a model", &close);
    const int h = ui_text_field_height(ui, v->path, b.w, 1);
    open = ui_text_field(ui, "path", ui_cut_top(&b, h), v->path,
                         &(struct ui_field){.hint = "Path or address"});
    ui_cut_top(&b, ui_px(ui, 14));
    struct ui_box row = ui_cut_top(&b, ui_px(ui, 36));
    const struct ui_button go = {.text = "Open", .primary = true};
    if (ui_button(ui, "path.open", ui_cut_right(&row, ui_button_width(ui, &go)), &go)) open = true;
    ui_sheet_end(ui);
    if (open && ui_edit_text(v->path)[0]) {
        app_show(&v->app, ui_edit_text(v->path));
        close = true;
    }
    if (!close) return;
    v->sheet = SHEET_NONE;
    ui_focus(ui, "prompt");
}

void view_sheet(struct view *v) {
    static void (*const sheets[SHEETS])(struct view * v) = {
        [SHEET_HELP] = help, [SHEET_SETTINGS] = settings, [SHEET_PATH] = path};
    if (sheets[v->sheet]) sheets[v->sheet](v);
}
