#include "intake.h"

#include <stdio.h>
#include <string.h>

size_t intake_line(char *line, size_t len, bool first) {
    static const char mark[] = "\xef\xbb\xbf";
    if (first && len >= 3 && memcmp(line, mark, 3) == 0) memmove(line, line + 3, (len -= 3) + 1);
    if (len > 0 && line[len - 1] == '\n') len--;
    if (len > 0 && line[len - 1] == '\r') len--;
    line[len] = '\0';
    return len;
}

size_t intake_text(char *text, size_t len) {
    len = intake_line(text, len, true);
    size_t to = 0;
    for (size_t i = 0; i < len; i++)
        if (text[i] != '\r' || i + 1 == len || text[i + 1] != '\n') text[to++] = text[i];
    text[to] = '\0';
    return to;
}

/* Length of the character at `at`; 0: it is none (RFC 3629: no longer form, no surrogate, at most
 * U+10FFFF). */
static size_t character(const unsigned char *at, size_t left) {
    static const struct {
        unsigned char lo, hi, next_lo, next_hi, bytes;
    } rows[] = {
        {0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        const size_t n = rows[r].bytes;
        if (*at < rows[r].lo || *at > rows[r].hi) continue;
        if (n > left) return 0;
        if (n > 1 && (at[1] < rows[r].next_lo || at[1] > rows[r].next_hi)) return 0;
        for (size_t i = 2; i < n; i++)
            if ((at[i] & 0xc0) != 0x80) return 0;
        return n;
    }
    return 0;
}

const char *intake_fault(const char *text, size_t len, char words[96]) {
    for (size_t at = 0, n; at < len; at += n) {
        n = character((const unsigned char *)text + at, len - at);
        if (n) continue;
        snprintf(words, 96, text[at] ? "byte %zu (%02x) is not UTF-8" : "byte %zu is NUL", at + 1,
                 (unsigned)(unsigned char)text[at]);
        return words;
    }
    return NULL;
}
