/* talk.c - questions and answers, and where the next question is typed. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "view.h"

enum {
    PAD = 12,
    PAD_Y = 8,
    LINE_GAP = 6,
    ENTRY_GAP = 20,
    ROW_GAP = 5,
    SIDE = 26,
    TOOL = 34,
    BAR = 14
};

/* ---- an entry -------------------------------------------------------------------------------- */

static const char *state_of(const struct entry *e) {
    static const char *const words[] = {[ENTRY_WAITING] = "waiting…", [ENTRY_STOPPED] = "stopped"};
    if (e->state == ENTRY_FAILED) return e->error ? e->error : "failed";
    if (e->state == ENTRY_RUNNING && !e->answer[0]) return "…";
    return e->state == ENTRY_WAITING || e->state == ENTRY_STOPPED ? words[e->state] : "";
}

static void when_of(const struct entry *e, char out[32]) {
    struct tm local;
    localtime_r(&e->when, &local);
    strftime(out, 32, "%H:%M:%S", &local);
}

/* All numbers, in two lines; "": there are none yet. */
static void numbers_of(const struct entry *e, char *out, size_t cap) {
    snprintf(out, cap, "%s%s%s", e->picture ? e->picture : "", e->picture && e->stats ? "\n" : "",
             e->stats ? e->stats : "");
}

/* The most telling of them, as many as fit. */
static void brief_of(struct view *v, const struct entry *e, int width, char *out, size_t cap) {
    snprintf(out, cap, "%s", e->brief ? e->brief : "");
    while (ui_text_width(v->ui, out, UI_SMALL) > width) {
        char *last = NULL;
        for (char *at = out; (at = strstr(at, " · ")) != NULL; at++) last = at;
        if (!last) last = out;
        *last = '\0';
    }
}

/* Answers of the live mode to the same question stand below it, each with its time. */
static bool goes_on(const struct transcript *t, size_t i) {
    if (i == 0 || i >= t->n) return false;
    const struct entry *a = &t->items[i - 1], *b = &t->items[i];
    return a->live && b->live && strcmp(a->question, b->question) == 0;
}

struct parts {
    bool first, last; /* of such answers; of others both */
    int when_w, question_w, question_h, answer_x, answer_h, state_h, numbers_h;
};

static void measure_question(struct view *v, const struct entry *e, int width, struct parts *p) {
    struct ui *ui = v->ui;
    const int pad = ui_px(ui, PAD);
    int most = width * 17 / 20;
    if (most > width - p->when_w) most = width - p->when_w;
    int want = ui_text_width(ui, e->question, UI_BODY) + 1;
    if (want > most - 2 * pad || strchr(e->question, '\n')) want = most - 2 * pad;
    p->question_w = want + 2 * pad;
    p->question_h = ui_text_height(ui, e->question, UI_BODY, want) + 2 * ui_px(ui, PAD_Y);
}

static struct parts measure(struct view *v, size_t i, int width) {
    struct ui *ui = v->ui;
    const struct transcript *t = &v->app.talk;
    const struct entry *e = &t->items[i];
    struct parts p = {.first = !goes_on(t, i), .last = !goes_on(t, i + 1)};
    p.when_w = ui_text_width(ui, "00:00:00", UI_SMALL) + ui_px(ui, 10);
    if (p.first) measure_question(v, e, width, &p);
    if (e->live) p.answer_x = p.when_w;
    const char *state = state_of(e);
    const int in = width - p.answer_x;
    p.answer_h = e->answer[0] ? ui_text_height(ui, e->answer, UI_BODY, in) : 0;
    p.state_h = state[0] ? ui_text_height(ui, state, UI_SMALL, in) : 0;
    const int line = ui_text_height(ui, "X", UI_BODY, 0); /* of the time beside it */
    if (e->live && !p.answer_h && p.state_h < line) p.state_h = line;
    if (p.last && (e->answer[0] || e->live)) p.numbers_h = ui_px(ui, SIDE);
    return p;
}

static int height_of(struct view *v, size_t i, int width) {
    const struct transcript *t = &v->app.talk;
    const struct entry *e = &t->items[i];
    const struct entry_height key = {.id = e->id,
                                     .version = e->version,
                                     .first = !goes_on(t, i),
                                     .last = !goes_on(t, i + 1),
                                     .newest = i + 1 == t->n,
                                     .width = width,
                                     .letter = ui_px(v->ui, 1000)};
    struct entry_height *kept = &v->heights[e->id % TRANSCRIPT_MOST];
    if (kept->id == key.id && kept->version == key.version && kept->first == key.first &&
        kept->last == key.last && kept->newest == key.newest && kept->width == key.width &&
        kept->letter == key.letter)
        return kept->height;
    const struct parts p = measure(v, i, width);
    const int gap = ui_px(v->ui, LINE_GAP);
    int h = p.first ? p.question_h + gap : 0;
    h += p.answer_h + (p.answer_h && p.state_h ? gap : 0) + p.state_h;
    if (p.numbers_h) h += ui_px(v->ui, 2) + p.numbers_h;
    if (i + 1 < t->n) h += ui_px(v->ui, p.last ? ENTRY_GAP : ROW_GAP);
    *kept = key;
    kept->height = h;
    return h;
}

void view_copy_numbers(struct view *v, const struct entry *e) {
    char all[700];
    numbers_of(e, all, sizeof all);
    view_copy(v, all, "numbers were");
}

/* One dim line, all of it under the mouse and by a click. */
static void draw_numbers(struct view *v, struct ui_box b, const struct entry *e) {
    struct ui *ui = v->ui;
    char id[40], all[700], brief[200], tip[760];
    snprintf(id, sizeof id, "copy.%" PRIu64, e->id);
    if (ui_button(
            ui, id, ui_cut_right(&b, ui_px(ui, SIDE)),
            &(struct ui_button){.icon = UI_ICON_COPY, .quiet = true, .tip = "Copy the answer"}))
        view_copy(v, e->answer, "answer was");
    ui_cut_right(&b, ui_px(ui, 8));
    if (!e->stats) return;
    numbers_of(e, all, sizeof all);
    brief_of(v, e, b.w, brief, sizeof brief);
    if (!brief[0]) return;
    snprintf(tip, sizeof tip, "%s\nA click copies these numbers.", all);
    snprintf(id, sizeof id, "numbers.%" PRIu64, e->id);
    const int w = ui_text_width(ui, brief, UI_SMALL) + 1;
    if (ui_line(ui, id, ui_cut_left(&b, w), brief, tip)) view_copy_numbers(v, e);
}

static void draw_question(struct view *v, struct ui_box b, const struct entry *e,
                          const struct parts *p) {
    struct ui *ui = v->ui;
    const struct ui_theme *t = ui_look_of(ui);
    char when[32], id[40];
    const struct ui_box bubble = ui_cut_right(&b, p->question_w);
    ui_panel(ui, bubble, t->raised, t->raised, ui_px(ui, 10));
    snprintf(id, sizeof id, "question.%" PRIu64, e->id);
    ui_label(ui, id, ui_inset(bubble, ui_px(ui, PAD), ui_px(ui, PAD_Y)), e->question,
             &(struct ui_text){.rgb = t->text, .wrap = true});
    ui_cut_right(&b, ui_px(ui, 10));
    when_of(e, when);
    snprintf(id, sizeof id, "asked.%" PRIu64, e->id);
    ui_label(ui, id, b, e->live ? "live" : when,
             &(struct ui_text){.font = UI_SMALL, .rgb = t->dim, .right = true});
}

static void draw_entry(struct view *v, struct ui_box b, size_t i) {
    struct ui *ui = v->ui;
    const struct entry *e = &v->app.talk.items[i];
    const struct ui_theme *t = ui_look_of(ui);
    const int gap = ui_px(ui, LINE_GAP);
    const struct parts p = measure(v, i, b.w);
    char when[32], id[40];
    if (p.first) {
        draw_question(v, ui_cut_top(&b, p.question_h), e, &p);
        ui_cut_top(&b, gap);
    }
    struct ui_box in = b, line = ui_cut_left(&in, p.answer_x);
    if (p.answer_x) {
        when_of(e, when);
        line.h = ui_text_height(ui, "X", UI_BODY, 0);
        snprintf(id, sizeof id, "when.%" PRIu64, e->id);
        ui_label(ui, id, line, when, &(struct ui_text){.font = UI_SMALL, .rgb = t->dim});
    }
    snprintf(id, sizeof id, "answer.%" PRIu64, e->id);
    if (p.answer_h)
        ui_label(ui, id, ui_cut_top(&in, p.answer_h), e->answer,
                 &(struct ui_text){.rgb = t->text, .wrap = true});
    if (p.answer_h && p.state_h) ui_cut_top(&in, gap);
    snprintf(id, sizeof id, "state.%" PRIu64, e->id);
    if (p.state_h)
        ui_label(ui, id, ui_cut_top(&in, p.state_h), state_of(e),
                 &(struct ui_text){.font = UI_SMALL, .rgb = t->dim, .wrap = true});
    if (!p.numbers_h) return;
    ui_cut_top(&in, ui_px(ui, 2));
    const bool before = !e->stats && goes_on(&v->app.talk, i); /* those, until there are new ones */
    if (in.w < ui_px(ui, 210)) in = (struct ui_box){b.x, in.y, b.w, in.h};
    draw_numbers(v, ui_cut_top(&in, p.numbers_h), before ? e - 1 : e);
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* What can be asked. */
static const char *nothing_said(const struct view *v) {
    return v->app.blind ? "Ask something, or go on with a text."
                        : "What it shows, how many there are, which colour, what is written there: "
                          "type a question below, or take one from the list above.";
}

static const char nothing_head[] = "Ask about the picture";

int view_talk_height(struct view *v, int width) {
    const struct transcript *talk = &v->app.talk;
    int h = 0;
    for (size_t i = 0; i < talk->n; i++) h += height_of(v, i, width);
    if (talk->n) return h;
    return ui_text_height(v->ui, nothing_head, UI_TITLE, width) + ui_px(v->ui, 6) +
           ui_text_height(v->ui, nothing_said(v), UI_BODY, width);
}

static void draw_empty(struct view *v, struct ui_box b) {
    struct ui *ui = v->ui;
    const int most = ui_px(ui, 400);
    struct ui_box in = b.w > most ? (struct ui_box){b.x + (b.w - most) / 2, b.y, most, b.h} : b;
    const int all = view_talk_height(v, in.w);
    const struct ui_theme *t = ui_look_of(ui);
    if (all > b.h) return;
    ui_cut_top(&in, (b.h - all) / 2);
    if (!v->app.blind)
        ui_label(ui, "talk.head", ui_cut_top(&in, ui_text_height(ui, nothing_head, UI_TITLE, in.w)),
                 nothing_head,
                 &(struct ui_text){.font = UI_TITLE, .rgb = t->text, .wrap = true, .middle = true});
    ui_cut_top(&in, ui_px(ui, 6));
    ui_label(ui, "talk.empty", in, nothing_said(v),
             &(struct ui_text){.rgb = t->dim, .wrap = true, .middle = true});
}

void view_talk_entries(struct view *v, struct ui_box b) {
    const struct transcript *talk = &v->app.talk;
    if (!talk->n) draw_empty(v, b);
    for (size_t i = 0; i < talk->n; i++) {
        const struct ui_box at = ui_cut_top(&b, height_of(v, i, b.w));
        if (ui_visible(v->ui, at)) draw_entry(v, at, i);
    }
}

static void draw_all(struct view *v, struct ui_box b) {
    struct ui *ui = v->ui;
    if (!v->app.talk.n) {
        draw_empty(v, b);
        return;
    }
    const int content = view_talk_height(v, b.w);
    b.w += ui_px(ui, BAR); /* the bar stands in the window's margin */
    view_talk_entries(v, ui_scroll_begin(ui, "talk", b, &v->scroll, content, true));
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
    struct ui_picker picker = {
        .text = "Questions",
        .icon = UI_ICON_LIST,
        .tip = "Questions that are asked often; questions.txt beside the settings "
               "holds your own",
        .items = v->preset_items,
        .n = s->n_presets,
        .chosen = -1};
    if (ui_picker_width(v->ui, &picker) > b.w) picker.text = NULL;
    b.w = ui_picker_width(v->ui, &picker);
    const int picked = ui_pick(v->ui, "presets", b, &picker);
    if (picked < 0) return;
    ui_edit_set(v->prompt, questions[picked]);
    ui_focus(v->ui, "prompt");
}

void view_talk_head(struct view *v, struct ui_box b) {
    struct app *a = &v->app;
    const int side = ui_px(v->ui, TOOL), gap = ui_px(v->ui, 6);
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
    pick_preset(v, b);
    if (used == 0) app_clear(a);
    if (used == 1) view_export(v, true);
    if (used == 2) app_ask_again(a);
}

/* Stops an answer; live mode has a button of its own and takes another question here. */
static void send_button(struct view *v, struct ui_box b) {
    struct app *a = &v->app;
    const char *typed = ui_edit_text(v->prompt);
    if (!a->live && (a->busy || a->model == MODEL_LOADING)) {
        if (ui_button(v->ui, "stop", b,
                      &(struct ui_button){.icon = UI_ICON_STOP, .tip = "Stop (Esc)"}))
            app_stop(a);
        return;
    }
    const char *why = a->live ? NULL : app_why_not_ask(a);
    if (!why && !typed[0]) why = "Type a question first.";
    if (!why && a->live && a->live_question && strcmp(typed, a->live_question) == 0)
        why = "Live mode asks this already.";
    if (ui_button(
            v->ui, "send", b,
            &(struct ui_button){.icon = UI_ICON_SEND,
                                .primary = true,
                                .why_not = why,
                                .tip = a->live ? "Ask this from now on (Enter)" : "Ask (Enter)"}))
        view_send(v);
}

enum { SEND = 42, PROMPT_GAP = 8 };

int view_prompt_height(struct view *v, int width) {
    struct ui *ui = v->ui;
    const int side = ui_px(ui, SEND);
    const int h = ui_text_field_height(ui, v->prompt, width - side - ui_px(ui, PROMPT_GAP),
                                       ui_window(ui).h < ui_px(ui, 300) ? 2 : 6);
    return h < side ? side : h;
}

void view_prompt(struct view *v, struct ui_box b) {
    struct ui *ui = v->ui;
    static const char *const of_pictures[] = {"Ask about the picture", "Ask about it", "Ask"};
    static const char *const of_text[] = {"Ask something", "Ask"};
    const int side = ui_px(ui, SEND);
    struct ui_box button = ui_cut_right(&b, side);
    ui_cut_right(&b, ui_px(ui, PROMPT_GAP));
    button = ui_cut_bottom(&button, side);
    const char *hint =
        v->app.blind ? ui_field_hint(ui, b.w, of_text, 2) : ui_field_hint(ui, b.w, of_pictures, 3);
    if (ui_text_field(
            ui, "prompt", b, v->prompt,
            &(struct ui_field){.hint = hint, .lines = true, .no_space = v->app.source != NULL}))
        view_send(v);
    send_button(v, button);
}

void view_talk(struct view *v, struct ui_box b) {
    struct ui *ui = v->ui;
    const int gap = ui_px(ui, 8);
    view_talk_head(v, ui_cut_top(&b, ui_px(ui, TOOL)));
    ui_cut_top(&b, gap);
    const struct ui_box prompt = ui_cut_bottom(&b, view_prompt_height(v, b.w));
    ui_cut_bottom(&b, gap);
    if (b.h > 0) draw_all(v, b);
    view_prompt(v, prompt);
}
