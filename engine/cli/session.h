/* session.h - device, model and chat as the options ask for them, and what their failures mean.
 *
 * Every call prints its own complaint and returns an exit code; CLI_OK goes on. session_close()
 * closes what was opened, also after a failure. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H
#include "cli.h"

struct session {
    vidi *v;
    vidi_model *m;
    vidi_chat *c;
    char words[1024]; /* of a picture that failed before the library saw it; "": it has the words */
};

/* What failed last, in words; never empty. */
const char *session_words(const struct session *s, vidi_status status);

/* What failed decides, with the status, which exit code it gets. */
enum stage { STAGE_DEVICE, STAGE_MODEL, STAGE_PICTURE, STAGE_RUN, N_STAGES };

int session_device(struct cli *cli, struct session *s);
int session_bare(struct cli *cli, struct session *s); /* no device */
int session_model(struct cli *cli, struct session *s, const char *path);
/* What the options say to the model is UTF-8; else CLI_USAGE, in words. session_chat() looks, too.
 */
int session_texts(struct cli *cli);
int session_chat(struct cli *cli, struct session *s); /* after the model */
void session_close(struct session *s);

int stage_code(enum stage stage, vidi_status status);
/* The library's words for the newest failure, and its exit code. */
int session_fail(struct cli *cli, struct session *s, enum stage stage, vidi_status status);

/* What vidi_open() gets from options and environment; with it come warnings on stderr (more with
 * -v) and the progress line. */
vidi_config session_config(struct cli *cli);

/* What --lora asks for; session_adapters_free() frees it. NULL: none, or no memory. */
vidi_adapter *session_adapters(const struct cli *cli);
void session_adapters_free(vidi_adapter *list, int n);

/* The model: the argument when there is one, else -m, else NULL for the one that ships inside.
 * OWNER/NAME[:QUANT] becomes the path of the file in the cache, and cli->hub has its mmproj too;
 * session_model() does the same with the path it is given. */
const char *session_model_path(struct cli *cli, const char *argument);
#endif
