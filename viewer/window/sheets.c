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
    {"Alt+Plus, Minus, 0", "The picture closer, farther, whole; or the wheel"},
    {"Alt+Arrows", "Another part of the picture; or drag it"},
    {"F11", "Full screen"},
    {"F12", "Save a screenshot"},
    {"Ctrl+Q", "Quit"},
};

enum { N_SHORTCUTS = sizeof shortcuts / sizeof *shortcuts, KEYS_GAP = 20, ROW_GAP = 8 };

/* The keys beside what they do; or above it, where that would be a narrow column. */
struct key_columns {
    int keys, what;
    bool stacked;
};

static struct key_columns key_columns(struct ui *ui, int width) {
    struct key_columns c = {0};
    for (int i = 0; i < N_SHORTCUTS; i++) {
        const int w = ui_text_width(ui, shortcuts[i].keys, UI_STRONG) + 1;
        if (w > c.keys) c.keys = w;
    }
    c.what = width - c.keys - ui_px(ui, KEYS_GAP);
    c.stacked = c.what < ui_px(ui, 200);
    if (c.stacked) c.keys = c.what = width;
    return c;
}

static int shortcut_height(struct ui *ui, int i, const struct key_columns *c) {
    const int what = ui_text_height(ui, shortcuts[i].what, UI_BODY, c->what);
    if (!c->stacked) return what;
    return what + ui_text_height(ui, shortcuts[i].keys, UI_STRONG, c->keys);
}

static void shortcut(struct ui *ui, struct ui_box b, int i, const struct key_columns *c) {
    const uint32_t rgb = ui_look_of(ui)->text;
    const int h = ui_text_height(ui, shortcuts[i].keys, UI_STRONG, c->keys);
    ui_label(ui, "help.keys", (struct ui_box){b.x, b.y, c->keys, h}, shortcuts[i].keys,
             &(struct ui_text){.font = UI_STRONG, .rgb = rgb, .wrap = true});
    if (c->stacked)
        ui_cut_top(&b, h);
    else
        ui_cut_left(&b, b.w - c->what);
    ui_label(ui, "help.what", b, shortcuts[i].what, &(struct ui_text){.rgb = rgb, .wrap = true});
}

static void help(struct view *v) {
    struct ui *ui = v->ui;
    bool close;
    const int most = ui_px(ui, 660), gap = ui_px(ui, ROW_GAP), bar = ui_px(ui, 14);
    const struct key_columns c = key_columns(ui, ui_sheet_width(ui, most) - bar);
    int all = -gap;
    for (int i = 0; i < N_SHORTCUTS; i++) all += shortcut_height(ui, i, &c) + gap;
    const struct ui_box b =
        ui_sheet_begin(ui, "help.sheet", most, ui_sheet_height(ui, all), "Keys", &close);
    struct ui_box in = ui_scroll_begin(ui, "help.list", b, &v->sheet_scroll, all, false);
    for (int i = 0; i < N_SHORTCUTS; i++) {
        const struct ui_box row = ui_cut_top(&in, shortcut_height(ui, i, &c));
        if (ui_visible(ui, row)) shortcut(ui, row, i, &c);
        ui_cut_top(&in, gap);
    }
    ui_scroll_end(ui);
    ui_sheet_end(ui);
    if (close) v->sheet = SHEET_NONE;
}

/* ---- settings -------------------------------------------------------------------------------- */

enum { SETTING = 36, SETTING_GAP = 8, LABEL = 20, STACKED = 300 };

/* A name and, beside or below it, the control. */
static struct ui_box setting(struct view *v, struct ui_box *b, const char *name) {
    struct ui *ui = v->ui;
    const bool stacked = b->w < ui_px(ui, STACKED);
    struct ui_box label, row;
    if (stacked) {
        label = ui_cut_top(b, ui_px(ui, LABEL));
        row = ui_cut_top(b, ui_px(ui, SETTING));
    } else {
        row = ui_cut_top(b, ui_px(ui, SETTING));
        label = ui_cut_left(&row, row.w * 9 / 20);
    }
    ui_cut_top(b, ui_px(ui, SETTING_GAP));
    ui_label(ui, "setting", label, name, &(struct ui_text){.rgb = ui_look_of(ui)->text});
    return row;
}

static int settings_height(struct view *v, int n, int width) {
    struct ui *ui = v->ui;
    const int each = width < ui_px(ui, STACKED) ? LABEL + SETTING : SETTING;
    return n * ui_px(ui, each) + (n - 1) * ui_px(ui, SETTING_GAP);
}

static void pick_theme(struct view *v, struct ui_box b) {
    static const char *const names[] = {"dark", "light", "contrast"}; /* as in the settings' file */
    static const struct ui_item items[] = {
        {.text = "Dark"}, {.text = "Light"}, {.text = "High contrast"}};
    int chosen = 0;
    for (int i = 0; i < 3; i++)
        if (strcmp(names[i], v->app.settings.theme) == 0) chosen = i;
    const int picked = ui_pick(
        v->ui, "theme", b,
        &(struct ui_picker){.text = items[chosen].text, .items = items, .n = 3, .chosen = chosen});
    if (picked >= 0) view_theme(v, names[picked]);
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
    const bool model = v->bar_lacks_model, device = v->bar_lacks_device;
    const int most = ui_px(ui, 480), width = ui_sheet_width(ui, most);
    const int all = settings_height(v, 4 + model + device, width - ui_px(ui, 14));
    struct ui_box b =
        ui_sheet_begin(ui, "settings.sheet", most, ui_sheet_height(ui, all), "Settings", &close);
    b.w += ui_px(ui, 14); /* the bar, where there is one, stands in the margin */
    b = ui_scroll_begin(ui, "settings.list", b, &v->sheet_scroll, all, false);
    if (model) view_pick_model(v, setting(v, &b, "Model"));
    if (device) view_pick_device(v, setting(v, &b, "Device"));
    pick_theme(v, setting(v, &b, "Colours"));
    pick_scale(v, setting(v, &b, "Size"));
    pick_length(v, setting(v, &b, "Longest answer"));
    if (ui_switch(ui, "brief", setting(v, &b, "Short answers"), s->brief,
                  "Adds to each question: answer in a few words"))
        s->brief = !s->brief;
    ui_scroll_end(ui);
    ui_sheet_end(ui);
    if (close) v->sheet = SHEET_NONE;
}

/* ---- a path ---------------------------------------------------------------------------------- */

static void path(struct view *v) {
    struct ui *ui = v->ui;
    bool close, open = false;
    const int most = ui_px(ui, 560), gap = ui_px(ui, 14), row_h = ui_px(ui, 36);
    const int h = ui_text_field_height(ui, v->path, ui_sheet_width(ui, most), 1);
    struct ui_box b = ui_sheet_begin(ui, "path.sheet", most, ui_sheet_height(ui, h + gap + row_h),
                                     "Open a file", &close);
    open = ui_text_field(ui, "path", ui_cut_top(&b, h), v->path,
                         &(struct ui_field){.hint = "Path or address"});
    ui_cut_top(&b, gap);
    struct ui_box row = ui_cut_top(&b, row_h);
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
    if (sheets[v->sheet])
        sheets[v->sheet](v);
    else
        v->sheet_scroll = (struct ui_scroll){0};
}
