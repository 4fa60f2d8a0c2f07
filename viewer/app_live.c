/* app_live.c - the camera loop: the same question about the newest frame, again and again.
 *
 * A question is asked only when no other is being answered, so they never pile up: what comes in
 * between is replaced in the source's mailbox. */
#include <string.h>

#include "app.h"
#include "uilog.h"

static const char *const default_question = "What is this?";
enum { FRAME_POLL_MS = 40 };

static void forget_asked(struct app *a) {
    a->live_frame = 0;
    a->live_thumb.valid = false;
}

void app_live_question(struct app *a, const char *question) {
    if (!question[strspn(question, " \t\r\n")]) question = default_question;
    if (a->live_question && !strcmp(a->live_question, question)) return;
    settings_text(&a->live_question, question);
    forget_asked(a);
}

void app_live(struct app *a, bool on) {
    const char *why = on ? app_why_not_live(a) : NULL;
    if (why) {
        app_toast(a, "%s", why);
        return;
    }
    if (on == a->live) return;
    a->live = on;
    a->live_next_ms = a->now;
    forget_asked(a);
    a->live_skipped = 0;
    if (on && !a->live_question) app_live_question(a, "");
    if (on) app_freeze(a, false);
    a->dirty = true;
    uilog("live", "{s:b,s:f}", "on", on, "every", a->settings.every_s);
}

void app_live_answered(struct app *a) { a->dirty = true; }

/* Whether the newest frame is worth a question; remembers how it looks. */
static bool worth_asking(struct app *a) {
    if (!a->settings.skip_same) return true;
    struct frame_thumb now;
    frame_thumb(a->frame, &now);
    if (!source_frame_changed(&a->live_thumb, &now)) {
        a->live_skipped++;
        uilog("skipped", "{s:I}", "frame", (json_int_t)a->frame->id);
        return false;
    }
    a->live_thumb = now;
    return true;
}

int app_live_turn(struct app *a) {
    if (!a->live || a->busy || a->opening || !a->frame || a->model != MODEL_READY) return -1;
    if (a->status.state == SOURCE_ENDED || a->status.state == SOURCE_FAILED) {
        app_live(a, false);
        app_toast(a, "Live mode stopped: %s.",
                  a->status.state == SOURCE_ENDED ? "the video ended" : "the source is gone");
        return -1;
    }
    if (a->now < a->live_next_ms) return (int)(a->live_next_ms - a->now) + 1;
    if (a->frame->id == a->live_frame) return FRAME_POLL_MS; /* no newer one has come yet */
    a->live_frame = a->frame->id;
    const double step = a->settings.every_s * 1000;
    a->live_next_ms = a->now + (step > FRAME_POLL_MS ? step : FRAME_POLL_MS);
    if (worth_asking(a)) app_grab_and_ask(a, a->live_question, true);
    return (int)(a->live_next_ms - a->now) + 1;
}
