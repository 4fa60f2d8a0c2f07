#include "session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "intake.h"
#include "interrupt.h"

static const unsigned char exit_codes[N_STAGES][10] = {
    /* by -status: ok argument io format unsupported memory device cancelled context image */
    [STAGE_DEVICE] = {CLI_OK, CLI_USAGE, CLI_DEVICE, CLI_DEVICE, CLI_DEVICE, CLI_MEMORY, CLI_DEVICE,
                      CLI_INTERRUPTED, CLI_USAGE, CLI_PICTURE},
    [STAGE_MODEL] = {CLI_OK, CLI_MODEL, CLI_MODEL, CLI_MODEL, CLI_MODEL, CLI_MEMORY, CLI_DEVICE,
                     CLI_INTERRUPTED, CLI_USAGE, CLI_PICTURE},
    [STAGE_PICTURE] = {CLI_OK, CLI_PICTURE, CLI_PICTURE, CLI_PICTURE, CLI_PICTURE, CLI_MEMORY,
                       CLI_DEVICE, CLI_INTERRUPTED, CLI_USAGE, CLI_PICTURE},
    [STAGE_RUN] = {CLI_OK, CLI_USAGE, CLI_FAILED, CLI_MODEL, CLI_MODEL, CLI_MEMORY, CLI_DEVICE,
                   CLI_INTERRUPTED, CLI_USAGE, CLI_PICTURE},
};

int stage_code(enum stage stage, vidi_status status) {
    const int row = -(int)status;
    return row >= 0 && row < 10 ? exit_codes[stage][row] : CLI_FAILED;
}

const char *session_words(const struct session *s, vidi_status status) {
    if (s->words[0]) return s->words;
    const char *words = vidi_error(s->v);
    return words[0] ? words : vidi_status_name(status);
}

int session_fail(struct cli *cli, struct session *s, enum stage stage, vidi_status status) {
    const char *words = session_words(s, status);
    if (stage == STAGE_MODEL && cli->hub_words[0]) words = cli->hub_words;
    const int code = cli_fail(cli, stage_code(stage, status), "%s", words);
    s->words[0] = '\0';
    return code;
}

static void on_log(void *user, int level, const char *line) {
    struct cli *cli = user;
    static const char *const names[] = {"error: ", "warning: ", "", ""};
    enum { ERROR, WARNING, INFO, DEBUG };
    /* Only the validation layer's words are errors here: all others come back as a status. */
    cli->n_errors += level == ERROR;
    const bool shown = level <= WARNING + cli->opt.verbose;
    if (shown && level >= ERROR && level <= DEBUG) cli_note(cli, "%s%s", names[level], line);
}

static int on_progress(void *user, const char *phase, uint64_t done, uint64_t total) {
    struct cli *cli = user;
    progress_show(&cli->progress, phase, done, total);
    return cli->stoppable && interrupt_seen();
}

vidi_config session_config(struct cli *cli) {
    const char *cache = cli->opt.no_cache ? NULL : cli->env.cache_dir;
    if (cache && !folder_make(cache)) {
        if (cli->opt.verbose) cli_note(cli, "%s: no cache, the folder cannot be made", cache);
        cache = NULL;
    }
    return (vidi_config){
        .device = cli->opt.device,
        .debug = cli->opt.debug,
        .cache_dir = cache,
        .log = on_log,
        .progress = on_progress,
        .user = cli,
    };
}

int session_device(struct cli *cli, struct session *s) {
    const vidi_config cfg = session_config(cli);
    const vidi_status status = vidi_open(&cfg, &s->v);
    return status == VIDI_OK ? CLI_OK : session_fail(cli, s, STAGE_DEVICE, status);
}

int session_bare(struct cli *cli, struct session *s) {
    const vidi_config cfg = {.log = on_log, .progress = on_progress, .user = cli};
    const vidi_status status = vidi_open_bare(&cfg, &s->v);
    return status == VIDI_OK ? CLI_OK : session_fail(cli, s, STAGE_RUN, status);
}

/* A name that is no file but OWNER/NAME[:QUANT] means a model of the cache. */
static const char *in_cache(struct cli *cli, const char *path) {
    struct hub_spec spec;
    char why[HUB_WORDS];
    if (!path || access(path, F_OK) == 0 || !hub_spec_parse(&spec, path)) return path;
    if (!spec.tag[0] && hub_is_gguf(path)) return path;
    hub_found_free(&cli->hub);
    if (hub_resolve(cli->env.hub_cache, path, &cli->hub, why, sizeof why)) return cli->hub.model;
    snprintf(cli->hub_words, sizeof cli->hub_words,
             "%.600s, and no file either; `vidi pull %.300s` would fetch it", why, path);
    return path;
}

/* FILE or FILE:SCALE; the path is a copy. */
static vidi_adapter adapter_of(const char *text) {
    vidi_adapter a = {.scale = 1};
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    const double scale = colon ? strtod(colon + 1, &end) : 0;
    const bool scaled = colon && colon > text && colon[1] && !*end && isfinite(scale);
    if (scaled) a.scale = (float)scale;
    a.path = scaled ? strndup(text, (size_t)(colon - text)) : strdup(text);
    return a;
}

void session_adapters_free(vidi_adapter *list, int n) {
    for (int i = 0; list && i < n; i++) free((char *)list[i].path);
    free(list);
}

vidi_adapter *session_adapters(const struct cli *cli) {
    const struct words *loras = &cli->opt.loras;
    vidi_adapter *list = loras->n ? calloc((size_t)loras->n, sizeof *list) : NULL;
    for (int i = 0; list && i < loras->n; i++) {
        list[i] = adapter_of(loras->items[i]);
        if (list[i].path) continue;
        session_adapters_free(list, loras->n);
        return NULL;
    }
    return list;
}

static vidi_status adapt(struct cli *cli, struct session *s) {
    const int n = cli->opt.loras.n;
    if (!n) return VIDI_OK;
    vidi_adapter *list = session_adapters(cli);
    if (!list) return VIDI_E_MEMORY;
    const vidi_status status = vidi_model_adapt(s->m, list, n);
    session_adapters_free(list, n);
    return status;
}

int session_model(struct cli *cli, struct session *s, const char *path) {
    path = in_cache(cli, path);
    const vidi_model_config cfg = {.path = path,
                                   .mmproj = cli->opt.mmproj ? cli->opt.mmproj : cli->hub.mmproj,
                                   .chat_form = cli->opt.chat_form,
                                   .weights = (vidi_weights)cli->opt.weights,
                                   .mmproj_any = cli->opt.mmproj_any};
    vidi_status status = vidi_model_open_with(s->v, &cfg, &s->m);
    if (status == VIDI_OK) status = adapt(cli, s);
    return status == VIDI_OK ? CLI_OK : session_fail(cli, s, STAGE_MODEL, status);
}

/* What is said has to be text: a part of it would be another question. */
int session_texts(struct cli *cli) {
    const struct {
        const char *name, *text;
    } texts[] = {{"the system prompt", cli->opt.system_prompt}, {"the question", cli->opt.prompt}};
    char words[96];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].text && intake_fault(texts[i].text, strlen(texts[i].text), words))
            return cli_fail(cli, CLI_USAGE, "%s is no text: %s", texts[i].name, words);
    return CLI_OK;
}

int session_chat(struct cli *cli, struct session *s) {
    const struct options *opt = &cli->opt;
    const int wrong = session_texts(cli);
    if (wrong != CLI_OK) return wrong;
    char day[32];
    const vidi_chat_config cfg = {
        .context = opt->context,
        .max_tokens = opt->max_tokens,
        .temperature = (float)opt->temperature,
        .top_k = opt->top_k,
        .top_p = (float)opt->top_p,
        .min_p = (float)opt->min_p,
        .seed = opt->seed,
        .raw = opt->raw,
        .cache = (vidi_cache)opt->cache,
        .date = opt->date,
        .today = environment_today(day),
    };
    const vidi_status status = vidi_chat_open(s->m, &cfg, &s->c);
    return status == VIDI_OK ? CLI_OK : session_fail(cli, s, STAGE_RUN, status);
}

void session_close(struct session *s) {
    vidi_chat_close(s->c);
    vidi_model_close(s->m);
    vidi_close(s->v);
    *s = (struct session){0};
}

const char *session_model_path(struct cli *cli, const char *argument) {
    return in_cache(cli, argument ? argument : cli->opt.model);
}
