/* Every published template is recognised, and its form writes what the template itself renders:
 * data/forms.json is made by make_forms.py. */
#include "text/chat_form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <cmocka.h>

#define DATA "tests/text/data/"

static const struct chat_form *form_of_file(const char *name) {
    char path[256], text[16384];
    snprintf(path, sizeof path, DATA "templates/%s.jinja", name);
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("%s cannot be read", path);
    const size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    assert_true(n > 0 && n < sizeof text);
    return chat_form_recognise(text, n);
}

struct written {
    char text[4096];
    int before;
    const char *around[2]; /* what stands in front of what is said, and behind it */
};

static void add(struct written *w, const char *text) {
    assert_true(strlen(w->text) + strlen(text) < sizeof w->text);
    strcat(w->text, text);
}

static void open_turn(struct written *w, const struct chat_form *form, vidi_role role, bool picture,
                      const char *date) {
    const char *open = chat_form_open(form, role, w->before);
    add(w, picture && form->user_picture ? form->user_picture : open);
    if (role == VIDI_SYSTEM && form->date) {
        add(w, date ? date : form->date);
        add(w, form->after_date);
    }
    w->before = (int)role;
}

static void add_said(struct written *w, const struct chat_form *form, vidi_role role, int before) {
    static const char *const texts[] = {"Sys", "Ask", "Say"};
    char said[512];
    snprintf(said, sizeof said, "%s%s%s", w->around[0], texts[role], w->around[1]);
    const char *text = said;
    uint64_t len = strlen(said);
    text_trim(&text, &len, chat_form_trims_front(form, role, before), form->trim[role]);
    said[(size_t)(text - said) + len] = 0;
    add(w, text);
}

/* "S" system, "U" user, "P" user with a picture, "A" assistant; then the opening of an answer. */
static void write_down(struct written *w, const struct chat_form *form, const char *turns,
                       const char *date) {
    w->text[0] = 0;
    w->before = -1;
    add(w, form->before_all);
    if (turns[0] != 'S' && form->system_default && !(turns[0] == 'P' && form->default_unseen)) {
        open_turn(w, form, VIDI_SYSTEM, false, date);
        add(w, form->system_default);
        add(w, form->turn_close[VIDI_SYSTEM]);
    }
    for (const char *t = turns; *t; t++) {
        const vidi_role role = *t == 'S' ? VIDI_SYSTEM : *t == 'A' ? VIDI_ASSISTANT : VIDI_USER;
        const int before = w->before;
        open_turn(w, form, role, *t == 'P', date);
        if (*t == 'P') add(w, "\x01");
        add_said(w, form, role, before);
        add(w, form->turn_close[role]);
    }
    add(w, form->answer_open);
}

static void forms_write_what_templates_render(void **state) {
    (void)state;
    json_error_t error;
    json_t *all = json_load_file(DATA "forms.json", JSON_ALLOW_NUL, &error), *row, *at;
    size_t i, k;
    int compared = 0;
    assert_non_null(all);
    json_array_foreach(all, i, row) {
        const char *name = json_string_value(json_object_get(row, "template"));
        const char *wanted = json_string_value(json_object_get(row, "form"));
        const struct chat_form *form = form_of_file(name);
        if (!form || strcmp(form->name, wanted) != 0)
            fail_msg("%s became %s, not %s", name, form ? form->name : "nothing", wanted);
        json_array_foreach(json_object_get(row, "cases"), k, at) {
            const char *turns = json_string_value(json_object_get(at, "turns"));
            const char *text = json_string_value(json_object_get(at, "text"));
            const json_t *around = json_object_get(at, "around");
            struct written w = {.around = {json_string_value(json_array_get(around, 0)),
                                           json_string_value(json_array_get(around, 1))}};
            write_down(&w, form, turns, json_string_value(json_object_get(at, "date")));
            if (strcmp(w.text, text) != 0)
                fail_msg("%s, %s:\n%s\nis not\n%s", name, turns, w.text, text);
            compared++;
        }
    }
    assert_int_equal(json_array_size(all), 34);
    assert_true(compared > 260);
    json_decref(all);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(forms_write_what_templates_render)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
