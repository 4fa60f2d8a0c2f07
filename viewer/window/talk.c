/* talk.c - questions and answers, and where the next question is typed. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "view.h"

enum { PAD = 12, LINE_GAP = 6, ENTRY_GAP = 18 };

/* ---- an entry -------------------------------------------------------------------------------- */

static const char *state_of(const struct entry *e) {
    static const char *const words[] = {[ENTRY_WAITING] = "waiting…", [ENTRY_STOPPED] = "stopped"};
    if (e->state == ENTRY_FAILED) return e->error ? e->error : "failed";
    if (e->state == ENTRY_RUNNING && !e->answer[0]) return "…";
    return e->state == ENTRY_WAITING || e->state == ENTRY_STOPPED ? words[e->state] : "";
}

static void when_of(const struct entry *e, char out[64]) {
    struct tm local;
    char time_words[16];
    localtime_r(&e->when, &local);
    strftime(time_words, sizeof time_words, "%H:%M:%S", &local);
    snprintf(out, 64, e->live ? "%s · live" : "%s", time_words);
}

/* The two lines below an answer, which may be empty. */
static void numbers_of(const struct entry *e, char *out, size_t cap) {
    snprintf(out, cap, "%s%s%s", e->picture ? e->picture : "", e->picture && e->stats ? "\n" : "",
             e->stats ? e->stats : "");
}

struct parts {
    int question_w, question_h, answer_h, state_h, numbers_h;
    char numbers[700];
};

static void measure(struct view *v, const struct entry *e, int width, struct parts *p) {
    struct ui *ui = v->ui;
    const int pad = ui_px(ui, PAD), most = width * 17 / 20;
    int want = ui_text_width(ui, e->question, UI_BODY) + 1;
    if (want > most - 2 * pad || strchr(e->question, '\n')) want = most - 2 * pad;
    numbers_of(e, p->numbers, sizeof p->numbers);
    p->question_w = want + 2 * pad;
    p->question_h = ui_text_height(ui, e->question, UI_BODY, want) + ui_px(ui, 16);
    p->answer_h = e->answer[0] ? ui_text_height(ui, e->answer, UI_BODY, width) : 0;
    p->state_h = state_of(e)[0] ? ui_text_height(ui, state_of(e), UI_SMALL, width) : 0;
    const int copy = 2 * ui_px(ui, 26) + ui_px(ui, 8);
    p->numbers_h = p->numbers[0] ? ui_text_height(ui, p->numbers, UI_SMALL, width - copy) : 0;
    if (e->answer[0] && p->numbers_h < ui_px(ui, 26)) p->numbers_h = ui_px(ui, 26);
}

static int height_of(struct view *v, const struct entry *e, int width) {
    struct entry_height *kept = &v->heights[e->id % TRANSCRIPT_MOST];
    if (kept->id == e->id && kept->version == e->version && kept->width == width)
        return kept->height;
    struct parts p;
    measure(v, e, width, &p);
    const int gap = ui_px(v->ui, LINE_GAP);
    int h = ui_px(v->ui, 18) + p.question_h;
    if (p.answer_h) h += gap + p.answer_h;
    if (p.state_h) h += gap + p.state_h;
    if (p.numbers_h) h += gap + p.numbers_h;
    h += ui_px(v->ui, ENTRY_GAP);
    *kept = (struct entry_height){e->id, e->version, width, h};
    return h;
}

static void copy_button(struct view *v, struct ui_box b, const struct entry *e) {
    char id[40];
    snprintf(id, sizeof id, "copy.%" PRIu64, e->id);
    b.h = ui_px(v->ui, 26);
    if (!ui_button(
            v->ui, id, b,
            &(struct ui_button){.icon = UI_ICON_COPY, .quiet = true, .tip = "Copy the answer"}))
        return;
    view_copy(v, e->answer, "answer was");
}

static void numbers_button(struct view *v, struct ui_box b, const struct entry *e) {
    char id[40];
    if (!e->stats) return;
    snprintf(id, sizeof id, "copy_numbers.%" PRIu64, e->id);
    b.h = ui_px(v->ui, 26);
    if (ui_button(
            v->ui, id, b,
            &(struct ui_button){.icon = UI_ICON_LIST, .quiet = true, .tip = "Copy the numbers"}))
        view_copy(v, e->stats, "numbers were");
}

static void draw_entry(struct view *v, struct ui_box b, const struct entry *e) {
    struct ui *ui = v->ui;
    const struct ui_theme *t = ui_look_of(ui);
    const int gap = ui_px(ui, LINE_GAP), pad = ui_px(ui, PAD);
    struct parts p;
    char when[64], id[40];
    measure(v, e, b.w, &p);
    when_of(e, when);
    ui_label(ui, NULL, ui_cut_top(&b, ui_px(ui, 18)), when,
             &(struct ui_text){.font = UI_SMALL, .rgb = t->dim, .right = true});
    struct ui_box row = ui_cut_top(&b, p.question_h), bubble = ui_cut_right(&row, p.question_w);
    ui_panel(ui, bubble, t->raised, t->raised, ui_px(ui, 10));
    snprintf(id, sizeof id, "question.%" PRIu64, e->id);
    ui_label(ui, id, ui_inset(bubble, pad, ui_px(ui, 8)), e->question,
             &(struct ui_text){.rgb = t->text, .wrap = true});
    if (p.answer_h) {
        ui_cut_top(&b, gap);
        snprintf(id, sizeof id, "answer.%" PRIu64, e->id);
        ui_label(ui, id, ui_cut_top(&b, p.answer_h), e->answer,
                 &(struct ui_text){.rgb = t->text, .wrap = true});
    }
    if (p.state_h) {
        ui_cut_top(&b, gap);
        snprintf(id, sizeof id, "state.%" PRIu64, e->id);
        ui_label(ui, id, ui_cut_top(&b, p.state_h), state_of(e),
                 &(struct ui_text){.font = UI_SMALL, .rgb = t->dim, .wrap = true});
    }
    if (!p.numbers_h) return;
    ui_cut_top(&b, gap);
    struct ui_box numbers = ui_cut_top(&b, p.numbers_h);
    copy_button(v, ui_cut_right(&numbers, ui_px(ui, 26)), e);
    numbers_button(v, ui_cut_right(&numbers, ui_px(ui, 26)), e);
    ui_cut_right(&numbers, ui_px(ui, 8));
    snprintf(id, sizeof id, "numbers.%" PRIu64, e->id);
    ui_label(ui, id, numbers, p.numbers,
             &(struct ui_text){.font = UI_SMALL, .rgb = t->dim, .wrap = true});
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* What can be asked; a short hint, or none, where there is no room for it. */
static void nothing_said(struct view *v, struct ui_box b) {
    static const char *const of_pictures[] = {
        "Ask something about the picture: what it shows, how many, which colour, what is written "
        "there.",
        "Ask something about the picture."};
    static const char *const of_text[] = {"Ask something, or go on with a text.", "Ask something."};
    const char *const *hints = v->app.blind ? of_text : of_pictures;
    struct ui *ui = v->ui;
    const struct ui_box in = ui_inset(b, ui_px(ui, 12), ui_px(ui, 12));
    for (size_t i = 0; i < 2; i++) {
        if (ui_text_height(ui, hints[i], UI_BODY, in.w) > in.h) continue;
        ui_label(ui, "talk.empty", in, hints[i],
                 &(struct ui_text){.rgb = ui_look_of(ui)->dim, .wrap = true});
        return;
    }
}

static void draw_all(struct view *v, struct ui_box b) {
    struct ui *ui = v->ui;
    const struct transcript *talk = &v->app.talk;
    b.w += ui_px(ui, 14); /* the bar stands in the window's margin */
    const int width = b.w - ui_px(ui, 14);
    int content = 0;
    for (size_t i = 0; i < talk->n; i++) content += height_of(v, &talk->items[i], width);
    if (!talk->n) {
        nothing_said(v, b);
        return;
    }
    struct ui_box in = ui_scroll_begin(ui, "talk", b, &v->scroll, content, true);
    for (size_t i = 0; i < talk->n; i++) {
        const struct entry *e = &talk->items[i];
        const struct ui_box at = ui_cut_top(&in, height_of(v, e, width));
        if (ui_visible(ui, at)) draw_entry(v, at, e);
    }
    ui_scroll_end(ui);
}

/* ---- above and below ------------------------------------------------------------------------- */

static void pick_preset(struct view *v, struct ui_box b) {
    const struct settings *s = &v->app.settings;
    const char *questions[SETTINGS_PRESETS];
    for (int i = 0; i < s->n_presets; i++) {
        const struct preset *p = &s->presets[i];
        questions[i] = !s->model && p->inside ? p->inside : p->question;
        v->preset_items[i] = (struct ui_item){
            .text = p->name, .detail = strcmp(p->name, questions[i]) != 0 ? questions[i] : NULL};
    }
    const int picked =
        ui_pick(v->ui, "presets", b,
                &(struct ui_picker){.text = "Questions",
                                    .icon = UI_ICON_LIST,
                                    .tip = "Questions that are asked often; questions.txt beside "
                                           "the settings holds your own",
                                    .items = v->preset_items,
                                    .n = s->n_presets,
                                    .chosen = -1});
    if (picked < 0) return;
    ui_edit_set(v->prompt, questions[picked]);
    ui_focus(v->ui, "prompt");
}

static void head(struct view *v, struct ui_box b) {
    struct app *a = &v->app;
    const int side = ui_px(v->ui, 34), gap = ui_px(v->ui, 6);
    const char *empty = a->talk.n ? NULL : "Nothing was asked yet.";
    const struct {
        const char *id;
        struct ui_button button;
    } tools[] = {
        {"clear",
         {.icon = UI_ICON_CLEAR, .tip = "Begin a new conversation (Ctrl+K)", .why_not = empty}},
        {"export",
         {.icon = UI_ICON_SAVE,
          .tip = "Save the conversation as Markdown (Ctrl+S)",
          .why_not = empty}},
        {"again",
         {.icon = UI_ICON_AGAIN,
          .tip = "Ask the newest question once more (Ctrl+R)",
          .why_not = app_why_not_again(a)}},
    };
    int used = -1;
    for (int i = 0; i < 3; i++) {
        if (ui_button(v->ui, tools[i].id, ui_cut_right(&b, side), &tools[i].button)) used = i;
        ui_cut_right(&b, gap);
    }
    if (b.w > ui_px(v->ui, 190)) b.w = ui_px(v->ui, 190);
    pick_preset(v, b);
    if (used == 0) app_clear(a);
    if (used == 1) view_export(v, true);
    if (used == 2) app_ask_again(a);
}

static void send_button(struct view *v, struct ui_box b) {
    struct app *a = &v->app;
    const bool busy = a->busy || a->model == MODEL_LOADING || a->live;
    if (busy) {
        if (ui_button(v->ui, "stop", b,
                      &(struct ui_button){.icon = UI_ICON_STOP, .tip = "Stop (Esc)"}))
            app_stop(a);
        return;
    }
    const char *why = app_why_not_ask(a);
    if (!why && !ui_edit_text(v->prompt)[0]) why = "Type a question first.";
    if (ui_button(v->ui, "send", b,
                  &(struct ui_button){
                      .icon = UI_ICON_SEND, .primary = true, .why_not = why, .tip = "Ask (Enter)"}))
        view_send(v);
}

void view_talk(struct view *v, struct ui_box b) {
    struct ui *ui = v->ui;
    const int gap = ui_px(ui, 8), side = ui_px(ui, 42);
    head(v, ui_cut_top(&b, ui_px(ui, 34)));
    ui_cut_top(&b, gap);
    const int width = b.w - side - gap;
    int h = ui_text_field_height(ui, v->prompt, width, 6);
    if (h < side) h = side;
    struct ui_box row = ui_cut_bottom(&b, h);
    ui_cut_bottom(&b, gap);
    struct ui_box button = ui_cut_right(&row, side);
    button.y += button.h - side;
    button.h = side;
    ui_cut_right(&row, gap);
    if (b.h > 0) draw_all(v, b);
    if (ui_text_field(
            ui, "prompt", row, v->prompt,
            &(struct ui_field){.hint = v->app.blind ? "Ask something" : "Ask about the picture",
                               .lines = true,
                               .no_space = v->app.source != NULL}))
        view_send(v);
    send_button(v, button);
}
