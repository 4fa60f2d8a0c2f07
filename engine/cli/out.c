#include "out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"

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

/* Bytes of the control character at the start of text: C0, DEL, or C1 as UTF-8 writes it; else 0.
 */
static size_t control_length(const char *text, size_t len) {
    const unsigned char c = (unsigned char)text[0];
    if (c < 0x20 || c == 0x7f) return 1;
    if (c == 0xc2 && len > 1 && ((unsigned char)text[1] & 0xe0) == 0x80) return 2;
    return 0;
}

void out_foreign(struct out *o, const char *text, size_t len) {
    size_t start = 0;
    for (size_t i = 0; o->terminal && i < len;) {
        const size_t n = control_length(text + i, len - i);
        if (n == 0 || text[i] == '\n' || text[i] == '\t') {
            i++;
            continue;
        }
        out_write(o, text + start, i - start);
        start = i += n;
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

/* The character that steers the direction of text, at the start of `text`, or 0. Behind one, a name
 * reads on the screen as another. */
static unsigned direction_mark(const char *text, size_t len) {
    static const struct {
        const char *bytes;
        unsigned char lo, hi; /* of the byte after them */
        unsigned first;
    } marks[] = {{"\xd8", 0x9c, 0x9c, 0x061c},
                 {"\xe2\x80", 0x8e, 0x8f, 0x200e},
                 {"\xe2\x80", 0xaa, 0xae, 0x202a},
                 {"\xe2\x81", 0xa6, 0xa9, 0x2066}};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const size_t n = strlen(marks[i].bytes);
        if (len <= n || memcmp(text, marks[i].bytes, n) != 0) continue;
        const unsigned char last = (unsigned char)text[n];
        if (last >= marks[i].lo && last <= marks[i].hi) return marks[i].first + last - marks[i].lo;
    }
    return 0;
}

/* How many bytes the character that begins with `lead` has; 0: none begins so. */
static size_t character_length(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead < 0xc0) return 0;
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* Writes one character of text in its visible form; returns how many bytes of text it took. */
static size_t visible_character(char form[8], const char *text, size_t len) {
    const size_t control = control_length(text, len);
    const size_t whole = character_length((unsigned char)text[0]);
    const unsigned mark = direction_mark(text, len);
    if (mark) {
        snprintf(form, 8, "\\u%04x", mark);
        return whole;
    }
    if (control == 0 && whole > 0) {
        size_t n = 1;
        while (n < whole && n < len && ((unsigned char)text[n] & 0xc0) == 0x80) n++;
        memcpy(form, text, n);
        form[n] = '\0';
        return n;
    }
    const size_t n = control ? control : 1; /* or a byte in no character: C1 to some terminals */
    if (text[0] == '\n' || text[0] == '\t')
        snprintf(form, 8, "%s", text[0] == '\n' ? "\\n" : "\\t");
    else
        snprintf(form, 8, "\\x%02x", (unsigned char)text[n - 1]);
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

/* What JSON holds unescaped and a terminal obeys: DEL, C1, direction marks. 0: another one. *n: its
 * bytes. */
static unsigned obeyed(const char *text, size_t len, size_t *n) {
    const unsigned char *at = (const unsigned char *)text;
    const unsigned mark = direction_mark(text, len);
    *n = mark ? (mark < 0x800 ? 2 : 3) : 1;
    if (mark || at[0] == 0x7f) return mark ? mark : 0x7f;
    if (len < 2 || at[0] != 0xc2 || at[1] < 0x80 || at[1] > 0x9f) return 0;
    *n = 2;
    return at[1];
}

void out_json(struct out *o, const char *json) {
    const char *plain = json, *end = json + strlen(json);
    for (size_t n; json < end; json += n) {
        const unsigned code = obeyed(json, (size_t)(end - json), &n);
        if (!code) continue;
        out_write(o, plain, (size_t)(json - plain));
        out_print(o, "\\u%04x", code);
        plain = json + n;
    }
    out_write(o, plain, (size_t)(end - plain));
    out_write(o, "\n", 1);
}
