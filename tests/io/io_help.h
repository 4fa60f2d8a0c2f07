/* io_help.h - what the tests of io/ share. */
#ifndef IO_HELP_H
#define IO_HELP_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/status.h"

/* PATH of a scratch file in $VIDI_TEST_TMP or /tmp, made of the process and a name. Lives until the
 * next call but three. */
const char *scratch(const char *name);

/* A scratch file with these bytes; its path. */
const char *scratch_file(const char *name, const void *data, uint64_t bytes);

/* A whole file, malloc'd, or NULL. */
unsigned char *slurp(const char *path, uint64_t *bytes);

/* A file of tests/io/data. Fails the test when it is missing. */
unsigned char *data_file(const char *name, uint64_t *bytes);

/* Fails the test unless ctx's words contain `part`. */
void assert_words(const struct vd_ctx *ctx, const char *part);
#endif
