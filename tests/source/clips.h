/* clips.h - short videos, made by the program ffmpeg while the tests run. */
#ifndef CLIPS_H
#define CLIPS_H
#include <stdbool.h>
#include <stddef.h>

#include "source/source.h"

/* Where `name` is in the tests' scratch folder; good until the next call but three. */
const char *clip_path(const char *name);
/* Runs ffmpeg with these arguments and the path of `name` behind them. Skips the test, and says so,
 * where there is no ffmpeg; fails it when ffmpeg fails. Returns the path. */
const char *clip_make(const char *name, const char *arguments);
/* A whole file, from malloc(). */
unsigned char *clip_read(const char *path, size_t *bytes);
void clip_write(const char *path, const void *bytes, size_t n);

/* Plays until it has ended or failed, at most so long; the state and the rest of its status. */
enum source_state clip_play_out(struct source *s, int most_ms, struct source_status *out);
bool clip_is_utf8(const char *text);
#endif
