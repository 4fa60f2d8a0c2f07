#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "address.h"
#include "answer.h"
#include "intake.h"
#include "interrupt.h"
#include "prompt.h"

struct conversation {
    struct cli *cli;
    struct session s;
    struct prompt *prompt;
    struct pictures waiting; /* shown with the next question */
    int line;                /* read so far */
    int start;               /* mark before everything */
    char *block;             /* lines of a question that goes on; NULL: none does */
    size_t block_len;
    int block_line; /* where it began */
    bool begun;     /* the system prompt was said */
    bool over;
    int code;
};

/* Without a terminal nobody sees the complaint in time: the conversation ends there. */
static void failed(struct conversation *c, enum stage stage, vidi_status status) {
    const int code = session_fail(c->cli, &c->s, stage, status);
    if (prompt_is_terminal(c->prompt) && code != CLI_DEVICE) return;
    c->over = true;
    c->code = code;
}

static void show_path(struct conversation *c, const char *path) {
    struct words one = {.items = &path, .n = 1};
    struct pictures read = {0};
    vidi_status status = pictures_read(&c->s, &one, PICTURE_QUESTION, &read);
    if (status == VIDI_OK) status = pictures_move(&c->waiting, &read);
    if (status == VIDI_OK && prompt_is_terminal(c->prompt)) {
        const vidi_image *image = &c->waiting.items[c->waiting.n - 1];
        fprintf(stderr, "%s, %d × %d: what about it?\n", path, image->width, image->height);
    }
    pictures_free(&c->s, &read);
    if (status != VIDI_OK) failed(c, STAGE_PICTURE, status);
}

static void show_picture(struct conversation *c, const char *text) {
    if (!*text) {
        cli_note(c->cli, "/image wants a file: /image photo.jpg");
        return;
    }
    char *meant = intake_whole_path(text);
    show_path(c, meant ? meant : text);
    free(meant);
}

static void clear(struct conversation *c, const char *rest) {
    (void)rest;
    const vidi_status status = vidi_chat_rewind(c->s.c, c->start);
    if (status != VIDI_OK) failed(c, STAGE_RUN, status);
    pictures_free(&c->s, &c->waiting);
    c->begun = false;
}

static void quit(struct conversation *c, const char *rest) {
    (void)rest;
    c->over = true;
}

static void help(struct conversation *c, const char *rest);

static const struct word {
    const char *name, *value, *help;
    void (*run)(struct conversation *c, const char *rest);
} words[] = {
    {"/image", " FILE", "show a picture with the next question", show_picture},
    {"/clear", "", "forget everything said", clear},
    {"/help", "", "this list", help},
    {"/quit", "", "leave, as Ctrl-D does", quit},
};
enum { N_WORDS = sizeof words / sizeof *words };

static void help(struct conversation *c, const char *rest) {
    (void)c;
    (void)rest;
    for (int i = 0; i < N_WORDS; i++) {
        const int gap = 14 - (int)(strlen(words[i].name) + strlen(words[i].value));
        fprintf(stderr, "  %s%s%*s%s\n", words[i].name, words[i].value, gap, "", words[i].help);
    }
    fputs("  \"\"\"           in front of and behind a question of several lines; a paste is one\n"
          "  Ctrl-C        stop the answer\n",
          stderr);
}

/* Asks and streams the answer. What fails is taken back, so that the next question finds the
 * conversation as it was before this one. */
static void ask(struct conversation *c, const char *text) {
    struct cli *cli = c->cli;
    struct answer a = {.stream = true};
    int mark; /* marks are few: without one a failure takes back everything */
    if (vidi_chat_mark(c->s.c, &mark) != VIDI_OK) mark = c->start;
    vidi_status status =
        answer_ask(&c->s, &c->waiting, c->begun ? NULL : cli->opt.system_prompt, text, &a);
    if (status == VIDI_OK) status = answer_pull(cli, &c->s, &a);
    if (cli->out.mid_line) out_write(&cli->out, "\n", 1);
    out_flush(&cli->out);
    if (status == VIDI_OK) {
        c->begun = true;
        answer_note_cut(cli, &a);
        if (cli->opt.verbose) answer_note(cli, &a);
    } else {
        failed(c, STAGE_RUN, status);
        if (vidi_chat_rewind(c->s.c, mark) != VIDI_OK) c->over = true;
        c->begun = c->begun && mark != c->start;
    }
    pictures_free(&c->s, &c->waiting);
    if (a.cancelled && !prompt_is_terminal(c->prompt)) {
        c->over = true;
        c->code = CLI_INTERRUPTED;
    }
    c->over |= a.gone;
    answer_free(&a);
}

/* A line that begins with the path of a picture, as a file manager drops it: the picture, and what
 * is asked about it. False: it does not. */
static bool dropped(struct conversation *c, const char *line) {
    const char *rest;
    struct stat st;
    if (!strchr("/~'\"", *line) && !address_is_file(line)) return false;
    char *path = intake_path(line, &rest);
    const bool is_file = path && stat(path, &st) == 0 && S_ISREG(st.st_mode);
    if (is_file) show_path(c, path);
    free(path);
    if (is_file && *rest && !c->over) ask(c, rest);
    return is_file;
}

static void no_room(struct conversation *c) {
    c->code = cli_fail(c->cli, CLI_MEMORY, "no memory for a question of several lines");
    c->over = true;
}

static const struct word *word_at(const char *line, size_t n) {
    for (int i = 0; i < N_WORDS; i++)
        if (strlen(words[i].name) == n && memcmp(words[i].name, line, n) == 0) return &words[i];
    return NULL;
}

static void take_line(struct conversation *c, const char *line) {
    line += strspn(line, " \t\n"); /* what was pasted may have lines */
    if (!*line || dropped(c, line)) return;
    if (*line != '/' || strchr(line, '\n')) {
        ask(c, line);
        return;
    }
    const size_t n = strcspn(line, " \t");
    const struct word *word = word_at(line, n);
    if (word) {
        word->run(c, line + n + strspn(line + n, " \t"));
        return;
    }
    cli_note(c->cli, "%.*s is no command here; /help lists them", (int)n, line);
    if (!prompt_is_terminal(c->prompt)) {
        c->over = true;
        c->code = CLI_USAGE;
    }
}

static const char fence[] = "\"\"\"";
enum { FENCE = sizeof fence - 1 };

/* Adds a line to the block; its last one ends in the fence, and then the whole is asked. */
static void add_to_block(struct conversation *c, const char *line, size_t length) {
    const bool last = length >= FENCE && memcmp(line + length - FENCE, fence, FENCE) == 0;
    const size_t more = last ? length - FENCE : length;
    char *larger = realloc(c->block, c->block_len + more + 2);
    if (!larger) {
        no_room(c);
        return;
    }
    c->block = larger;
    memcpy(larger + c->block_len, line, more);
    c->block_len += more;
    if (!last) larger[c->block_len++] = '\n';
    larger[c->block_len] = '\0';
    if (!last) return;
    if (larger[strspn(larger, " \t\n")]) ask(c, larger);
    free(c->block);
    c->block = NULL;
    c->block_len = 0;
}

/* Between two fences are lines of one question. */
static bool in_block(struct conversation *c, const char *line, size_t length) {
    const size_t blanks = strspn(line, " \t");
    if (c->block) {
        add_to_block(c, line, length);
        return true;
    }
    if (strncmp(line + blanks, fence, FENCE) != 0) return false;
    c->block_line = c->line;
    const size_t skip = blanks + FENCE;
    if (length > skip)
        add_to_block(c, line + skip, length - skip);
    else if (!(c->block = calloc(1, 1)))
        no_room(c);
    return true;
}

/* Lines that were pasted at once: commands in front and fenced lines are what they are alone, the
 * others are one question. */
static void take_lines(struct conversation *c, const char *text) {
    for (size_t n; !c->over; text += n + 1) {
        const char *at = text + strspn(text, " \t");
        n = strcspn(text, "\n");
        const bool fenced = c->block || strncmp(at, fence, FENCE) == 0;
        if (text[n] && !fenced && n > 0 && !word_at(at, strcspn(at, " \t\n"))) break;
        char *line = strndup(text, n);
        if (!line) {
            no_room(c);
            return;
        }
        if (!in_block(c, line, n)) take_line(c, line);
        free(line);
        if (!text[n]) return;
    }
    if (!c->over) take_line(c, text);
}

/* What is no text is not asked: a part of it would be another question. */
static void read_line(struct conversation *c, const char *line, size_t length) {
    char fault[96];
    c->line++;
    if (!intake_fault(line, length, fault)) {
        take_lines(c, line);
        return;
    }
    cli_note(c->cli, "line %d is no text: %s", c->line, fault);
    if (prompt_is_terminal(c->prompt)) return;
    c->over = true;
    c->code = CLI_USAGE;
}

static int begin(struct conversation *c) {
    struct cli *cli = c->cli;
    struct options *opt = &cli->opt;
    for (int i = 0; i < opt->rest.n; i++) opt->images.items[opt->images.n++] = opt->rest.items[i];
    int code = session_device(cli, &c->s);
    if (code != CLI_OK) return code;
    vidi_status status = pictures_read(&c->s, &opt->images, PICTURE_QUESTION, &c->waiting);
    if (status != VIDI_OK) return session_fail(cli, &c->s, STAGE_PICTURE, status);
    code = session_model(cli, &c->s, opt->model);
    if (code == CLI_OK) code = session_chat(cli, &c->s);
    if (code != CLI_OK) return code;
    status = vidi_chat_mark(c->s.c, &c->start);
    if (status != VIDI_OK) return session_fail(cli, &c->s, STAGE_RUN, status);
    c->prompt = prompt_open(cli);
    return c->prompt ? CLI_OK : cli_fail(cli, CLI_MEMORY, "no memory for the prompt");
}

int cmd_chat(struct cli *cli) {
    struct conversation c = {.cli = cli};
    c.code = begin(&c);
    progress_erase(&cli->progress);
    if (c.code == CLI_OK && prompt_is_terminal(c.prompt))
        fprintf(stderr, "%s; /help lists the commands, Ctrl-D leaves\n", vidi_device_name(c.s.v));
    const char *line;
    size_t length;
    while (c.code == CLI_OK && !c.over && (line = prompt_line(c.prompt, &length)))
        read_line(&c, line, length);
    if (c.block && c.code == CLI_OK && !c.over)
        c.code = cli_fail(cli, CLI_USAGE, "the question that begins in line %d never ends with %s",
                          c.block_line, fence);
    free(c.block);
    prompt_close(c.prompt);
    pictures_free(&c.s, &c.waiting);
    session_close(&c.s);
    return c.code;
}
