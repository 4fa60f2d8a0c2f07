#include "batch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "base/json_cost.h"
#include "document.h"
#include "intake.h"
#include "interrupt.h"

enum { LINE_BYTES = 16 << 20, LINE_COST = 128 << 20 };

struct batch {
    struct cli *cli;
    struct session *s;
    int mark; /* of the chat before the first question */
    int line, n_lines, n_failed, first_failed;
    int code; /* of the first line that failed */
    bool over;
};

/* Prints the line of a question that failed. */
static int failed(struct batch *b, int code, const char *words) {
    if (b->n_failed++ == 0) {
        b->first_failed = b->line;
        b->code = code;
    }
    json_t *o =
        json_pack("{s:o,s:i}", "error", document_string(words, strlen(words)), "exit", code);
    return document_print(b->cli, o);
}

static int failed_status(struct batch *b, enum stage stage, vidi_status status) {
    b->over |= status == VIDI_E_DEVICE;
    const int code = failed(b, stage_code(stage, status), session_words(b->s, status));
    b->s->words[0] = '\0';
    return code;
}

static int answer(struct batch *b, const struct pictures *pictures, const char *prompt) {
    struct answer a = {.keep = true};
    char words[96];
    if (picture_marks_wrong(prompt, pictures->n, words)) return failed(b, CLI_USAGE, words);
    vidi_status status = vidi_chat_rewind(b->s->c, b->mark);
    if (status == VIDI_OK)
        status = answer_ask(b->s, pictures, b->cli->opt.system_prompt, prompt, &a);
    if (status == VIDI_OK) status = answer_pull(b->cli, b->s, &a);
    const int code = status == VIDI_OK
                         ? document_print(b->cli, answer_json(&a, vidi_device_name(b->s->v)))
                         : failed_status(b, STAGE_RUN, status);
    answer_free(&a);
    return code;
}

/* "image": a path, a list of paths, or null. false: none of these. */
static bool picture_paths(const json_t *image, struct words *paths) {
    const size_t n = json_is_array(image) ? json_array_size(image) : 1;
    paths->items = calloc(n + 1, sizeof *paths->items);
    if (!paths->items) return false;
    if (!image || json_is_null(image)) return true;
    for (size_t i = 0; i < n; i++) {
        const char *path =
            json_string_value(json_is_array(image) ? json_array_get(image, i) : image);
        if (!path) return false;
        paths->items[paths->n++] = path;
    }
    return true;
}

static int question(struct batch *b, const json_t *line) {
    const char *prompt = document_text(line, "prompt", NULL);
    struct words paths = {0};
    int code;
    if (!prompt) {
        code = failed(b, CLI_USAGE, "the field prompt is no text");
    } else if (!picture_paths(json_object_get(line, "image"), &paths)) {
        code = failed(b, CLI_USAGE, "the field image is no path, list of paths or null");
    } else {
        struct pictures pictures;
        const vidi_status status = pictures_read(b->s, &paths, PICTURE_LINE, &pictures);
        code = status == VIDI_OK ? answer(b, &pictures, prompt)
                                 : failed_status(b, STAGE_PICTURE, status);
        pictures_free(b->s, &pictures);
    }
    free(paths.items);
    return code;
}

static int read_line(struct batch *b, const char *text, size_t len) {
    b->line++;
    if (strspn(text, " \t\r\n") == len) return CLI_OK;
    b->n_lines++;
    if (len > LINE_BYTES) return failed(b, CLI_USAGE, "a line may hold 16 MiB");
    char fault[96];
    if (intake_fault(text, len, fault)) return failed(b, CLI_USAGE, fault);
    if (json_cost(text, len) > LINE_COST)
        return failed(b, CLI_USAGE, "a line holds more values than a question has");
    json_error_t error;
    json_t *line = json_loadb(text, len, 0, &error);
    char words[JSON_ERROR_TEXT_LENGTH + 32];
    snprintf(words, sizeof words, "no JSON object: %s", line ? "another value" : error.text);
    const int code = json_is_object(line) ? question(b, line) : failed(b, CLI_USAGE, words);
    json_decref(line);
    return code;
}

static int read_lines(struct batch *b, FILE *file) {
    char *text = NULL;
    size_t cap = 0;
    ssize_t len;
    int code = CLI_OK;
    struct intake in = {.file = file};
    interrupt_defers();
    while (code == CLI_OK && !b->over && !interrupt_seen() &&
           (len = intake_read(&in, &text, &cap)) >= 0) {
        code = read_line(b, text, (size_t)len);
        b->over |= !out_flush(&b->cli->out);
    }
    free(text);
    if (code == CLI_OK && interrupt_seen()) return CLI_INTERRUPTED;
    if (code != CLI_OK) return code;
    if (!b->over && ferror(file))
        return cli_fail(b->cli, CLI_FAILED, "%s: %s", b->cli->opt.batch, strerror(errno));
    if (b->n_failed > 0)
        return cli_fail(b->cli, b->code, "%s: %d of %d lines failed, the first is line %d",
                        b->cli->opt.batch, b->n_failed, b->n_lines, b->first_failed);
    return b->code;
}

static int with_file(struct cli *cli, FILE *file) {
    struct session s = {0};
    struct batch b = {.cli = cli, .s = &s};
    int code = session_device(cli, &s);
    if (code == CLI_OK) code = session_model(cli, &s, cli->opt.model);
    if (code == CLI_OK) code = session_chat(cli, &s);
    if (code == CLI_OK) {
        const vidi_status status = vidi_chat_mark(s.c, &b.mark);
        code = status == VIDI_OK ? read_lines(&b, file) : session_fail(cli, &s, STAGE_RUN, status);
    }
    session_close(&s);
    return code;
}

int batch_run(struct cli *cli) {
    const char *path = cli->opt.batch;
    if (strcmp(path, "-") == 0) return with_file(cli, stdin);
    FILE *file = fopen(path, "r");
    if (!file) return cli_fail(cli, CLI_USAGE, "%s: %s", path, strerror(errno));
    const int code = with_file(cli, file);
    fclose(file);
    return code;
}
