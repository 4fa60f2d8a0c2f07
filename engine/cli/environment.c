#include "environment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static char *joined(const char *a, const char *b) {
    const size_t cap = strlen(a) + strlen(b) + 1;
    char *path = malloc(cap);
    if (path) snprintf(path, cap, "%s%s", a, b);
    return path;
}

/* The base directory rule: the variable counts only when it is an absolute path. */
static char *own_folder(const char *name, const char *below_home) {
    const char *base = variable(name);
    if (base && base[0] == '/') return joined(base, "/vidi");
    const char *home = variable("HOME");
    return home ? joined(home, below_home) : NULL;
}

static bool is_switched_on(const char *name) {
    static const char *const words[] = {"1", "on", "yes", "true"};
    const char *value = variable(name);
    for (size_t i = 0; value && i < sizeof words / sizeof *words; i++)
        if (strcasecmp(value, words[i]) == 0) return true;
    return false;
}

/* Where the programs of the Hugging Face hub keep their files, so that they are shared. */
static void read_hub(struct environment *e) {
    const char *home = variable("HF_HOME"), *cache = variable("HF_HUB_CACHE"),
               *base = variable("XDG_CACHE_HOME"), *user = variable("HOME"),
               *endpoint = variable("HF_ENDPOINT"), *token = variable("HF_TOKEN_PATH");
    char *own = home                     ? joined(home, "")
                : base && base[0] == '/' ? joined(base, "/huggingface")
                : user                   ? joined(user, "/.cache/huggingface")
                                         : NULL;
    e->hub_endpoint = endpoint ? endpoint : "https://huggingface.co";
    e->hub_token = variable("HF_TOKEN");
    e->hub_token_path = token ? joined(token, "") : own ? joined(own, "/token") : NULL;
    e->hub_cache = cache ? joined(cache, "") : own ? joined(own, "/hub") : NULL;
    e->hub_offline = is_switched_on("HF_HUB_OFFLINE");
    free(own);
}

void environment_read(struct environment *e) {
    const char *cache = variable("VIDI_CACHE_DIR"), *term = variable("TERM");
    *e = (struct environment){
        .device = variable("VIDI_DEVICE"),
        .debug = variable("VIDI_DEBUG"),
        .cache_dir = cache ? joined(cache, "") : own_folder("XDG_CACHE_HOME", "/.cache/vidi"),
        .state_dir = own_folder("XDG_STATE_HOME", "/.local/state/vidi"),
        .config_dir = own_folder("XDG_CONFIG_HOME", "/.config/vidi"),
        .preload = variable("LD_PRELOAD"),
        .dumb = !term || strcmp(term, "dumb") == 0,
    };
    read_hub(e);
    e->plain = e->dumb || variable("NO_COLOR");
}

void environment_free(struct environment *e) {
    free(e->cache_dir);
    free(e->state_dir);
    free(e->config_dir);
    free(e->hub_token_path);
    free(e->hub_cache);
    *e = (struct environment){0};
}

bool folder_make(const char *path) {
    char *copy = joined(path, "");
    if (!copy) return false;
    for (char *slash = copy + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        (void)mkdir(copy, 0700); /* the last one tells whether it worked */
        *slash = '/';
    }
    struct stat st;
    const bool made =
        mkdir(copy, 0700) == 0 || (errno == EEXIST && stat(copy, &st) == 0 && S_ISDIR(st.st_mode));
    free(copy);
    return made;
}

const char *environment_today(char text[32]) {
    const time_t now = time(NULL);
    struct tm day;
    if (!localtime_r(&now, &day)) return NULL;
    return strftime(text, 32, "%d %b %Y", &day) ? text : NULL;
}
