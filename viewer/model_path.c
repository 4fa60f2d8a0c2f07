#include "model_path.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/cli/hub_choose.h"
#include "keep.h"

static bool is_gguf(const char *path) {
    char head[4] = "";
    FILE *f = keep_open(path);
    const bool same = f && fread(head, 1, 4, f) == 4 && memcmp(head, "GGUF", 4) == 0;
    if (f) fclose(f);
    return same;
}

/* From malloc(): "." where the path has no folder. */
static char *folder_of(const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash) return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static bool is_folder(const char *path) {
    char *config = keep_path(path, "config.json");
    const bool has = config && access(config, R_OK) == 0;
    free(config);
    return has;
}

static const char *own_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *model_path_of(const char *path) {
    struct stat st;
    if (stat(path, &st) != 0) return NULL;
    if (S_ISDIR(st.st_mode)) return is_folder(path) ? strdup(path) : NULL;
    if (!S_ISREG(st.st_mode)) return NULL;
    if (is_gguf(path)) return strdup(path);
    if (strcmp(own_name(path), "config.json") != 0 && !hub_is_safetensors(path)) return NULL;
    char *folder = folder_of(path);
    if (folder && is_folder(folder)) return folder;
    free(folder);
    return NULL;
}

char *model_path_eyes(const char *path) {
    char *folder = hub_is_gguf(path) && !hub_is_mmproj(path) ? folder_of(path) : NULL;
    DIR *d = folder ? opendir(folder) : NULL;
    char *found = NULL;
    int n = 0;
    for (const struct dirent *e; d && (e = readdir(d));) {
        if (!hub_is_mmproj(e->d_name)) continue;
        free(found);
        found = ++n == 1 ? keep_path(folder, e->d_name) : NULL;
    }
    if (d) closedir(d);
    free(folder);
    return found;
}
