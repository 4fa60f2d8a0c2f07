#include "uilog.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"

static FILE *file;
static double start_ms;

bool uilog_open(const char *path) {
    start_ms = clock_ms();
    file = fopen(path, "w");
    if (file) setvbuf(file, NULL, _IOLBF, BUFSIZ);
    return file != NULL;
}

void uilog_close(void) {
    if (file) fclose(file);
    file = NULL;
}

bool uilog_is_open(void) { return file != NULL; }

void uilog_json(const char *event, json_t *object) {
    json_t *line = file ? json_pack("{s:f,s:s}", "t", clock_ms() - start_ms, "ev", event) : NULL;
    if (line && object && json_object_update(line, object) == 0) {
        json_dumpf(line, file, JSON_COMPACT | JSON_REAL_PRECISION(9));
        fputc('\n', file);
    }
    json_decref(line);
    json_decref(object);
}

void uilog(const char *event, const char *fmt, ...) {
    if (!file) return;
    va_list args;
    va_start(args, fmt);
    json_t *object = json_vpack_ex(NULL, 0, fmt, args);
    va_end(args);
    uilog_json(event, object);
}
