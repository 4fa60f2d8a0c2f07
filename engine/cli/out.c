#include "out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"
#include "steer.h"

void out_open(struct out *o, bool plain) {
    *o = (struct out){.terminal = isatty(STDOUT_FILENO)};
    o->styled = o->terminal && !plain;
}

bool out_flush(struct out *o) {
    size_t done = 0;
    while (done < o->len && !o->error) {
        const ssize_t n = write(STDOUT_FILENO, o->buf + done, o->len - done);
        if (n >= 0) {
            done += (size_t)n;
            continue;
        }
        /* Who pressed Ctrl-C does not want to wait for a reader that does not read. */
        if (errno == EINTR && interrupt_seen() && done == 0) break;
        if (errno != EINTR) o->error = errno;
    }
    o->len = 0;
    return !o->error;
}

void out_write(struct out *o, const char *text, size_t len) {
    if (len == 0) return;
    o->mid_line = text[len - 1] != '\n';
    while (len > 0) {
        if (o->len == sizeof o->buf) out_flush(o);
        const size_t room = sizeof o->buf - o->len, n = len < room ? len : room;
        memcpy(o->buf + o->len, text, n);
        o->len += n;
        text += n;
        len -= n;
    }
}

void out_print(struct out *o, const char *fmt, ...) {
    char small[512];
    va_list args;
    va_start(args, fmt);
    const int need = vsnprintf(small, sizeof small, fmt, args);
    va_end(args);
    if (need < (int)sizeof small) {
        if (need > 0) out_write(o, small, (size_t)need);
        return;
    }
    char *large = malloc((size_t)need + 1);
    if (!large) {
        o->error = ENOMEM;
        return;
    }
    va_start(args, fmt);
    vsnprintf(large, (size_t)need + 1, fmt, args);
    va_end(args);
    out_write(o, large, (size_t)need);
    free(large);
}

void out_foreign(struct out *o, const char *text, size_t len) {
    size_t start = 0, n;
    unsigned code;
    for (size_t i = 0; o->terminal && i < len; i += n) {
        if (!steer_is_left_out(steer_at(text + i, len - i, &n, &code))) continue;
        out_write(o, text + start, i - start);
        start = i + n;
    }
    out_write(o, text + start, len - start);
}

static void style(struct out *o, const char *escape) {
    const bool mid_line = o->mid_line;
    if (o->styled) out_write(o, escape, strlen(escape));
    o->mid_line = mid_line;
}

void out_bold(struct out *o) { style(o, "\033[1m"); }
void out_dim(struct out *o) { style(o, "\033[2m"); }
void out_plain(struct out *o) { style(o, "\033[0m"); }

/* Writes one character of text in its visible form; returns how many bytes of text it took. */
static size_t visible_character(char form[8], const char *text, size_t len) {
    size_t n;
    unsigned code;
    const enum steer what = steer_at(text, len, &n, &code);
    if (text[0] == '\n' || text[0] == '\t') {
        snprintf(form, 8, "%s", text[0] == '\n' ? "\\n" : "\\t");
    } else if (what == STEER_NOT) {
        memcpy(form, text, n);
        form[n] = '\0';
    } else {
        snprintf(form, 8, code > 0xff ? "\\u%04x" : "\\x%02x", code);
    }
    return n;
}

char *text_visible(char *dst, size_t cap, const char *text, size_t len) {
    size_t used = 0, fits = 0; /* fits: where "..." still has room */
    for (size_t i = 0; i < len;) {
        char form[8];
        i += visible_character(form, text + i, len - i);
        const size_t n = strlen(form);
        if (used + n >= cap) {
            snprintf(dst + fits, cap - fits, "...");
            return dst;
        }
        memcpy(dst + used, form, n);
        used += n;
        if (used + 4 <= cap) fits = used;
    }
    dst[used] = '\0';
    return dst;
}

size_t text_columns(const char *text) {
    size_t n = 0;
    for (; *text; text++) n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

/* Three significant digits and a unit. */
static char *scaled(char *dst, size_t cap, double value, double step, const char *const *units,
                    int n_units) {
    int unit = 0;
    while (unit + 1 < n_units && value >= step * 0.9995) {
        value /= step;
        unit++;
    }
    const int digits = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    snprintf(dst, cap, "%.*f%s", digits, value, units[unit]);
    return dst;
}

char *text_bytes(char *dst, size_t cap, double bytes) {
    static const char *const units[] = {" B", " KiB", " MiB", " GiB", " TiB"};
    return scaled(dst, cap, bytes, 1024, units, 5);
}

char *text_count(char *dst, size_t cap, double count) {
    static const char *const units[] = {"", " k", " M", " G", " T"};
    return scaled(dst, cap, count, 1000, units, 5);
}

void out_json(struct out *o, const char *json) {
    const char *plain = json, *end = json + strlen(json);
    unsigned code;
    for (size_t n; json < end; json += n) {
        const enum steer what = steer_at(json, (size_t)(end - json), &n, &code);
        if (what == STEER_NOT || what == STEER_STRAY || code < 0x20) continue;
        out_write(o, plain, (size_t)(json - plain));
        out_print(o, "\\u%04x", code);
        plain = json + n;
    }
    out_write(o, plain, (size_t)(end - plain));
    out_write(o, "\n", 1);
}
