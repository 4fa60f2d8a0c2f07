#include "intake.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

static size_t without_mark(char *text, size_t len) {
    static const char mark[] = "\xef\xbb\xbf";
    if (len < 3 || memcmp(text, mark, 3) != 0) return len;
    memmove(text, text + 3, len - 3);
    text[len - 3] = '\0';
    return len - 3;
}

static bool keep(char **line, size_t *cap, size_t at, int c) {
    if (at == *cap) {
        const size_t larger = *cap ? 2 * *cap : 256;
        char *moved = realloc(*line, larger);
        if (!moved) return false;
        *line = moved;
        *cap = larger;
    }
    (*line)[at] = (char)c;
    return true;
}

ssize_t intake_read(struct intake *in, char **line, size_t *cap) {
    size_t n = 0;
    int c = getc(in->file);
    if (c == '\n' && in->after_cr) c = getc(in->file); /* the other half of an end */
    in->after_cr = false;
    if (c == EOF) return -1;
    for (; c != EOF && c != '\n' && c != '\r'; c = getc(in->file))
        if (!keep(line, cap, n++, c)) return -1;
    in->after_cr = c == '\r';
    if (!keep(line, cap, n, '\0')) return -1;
    if (!in->begun) n = without_mark(*line, n);
    in->begun = true;
    return (ssize_t)n;
}

size_t intake_text(char *text, size_t len) {
    len = without_mark(text, len);
    size_t to = 0;
    for (size_t i = 0; i < len; i++) {
        const bool pair = text[i] == '\r' && i + 1 < len && text[i + 1] == '\n';
        if (!pair) text[to++] = text[i] == '\r' ? '\n' : text[i];
    }
    if (to > 0 && text[to - 1] == '\n') to--;
    text[to] = '\0';
    return to;
}

/* ---- paths ---- */

static int hex_at(const char *at) {
    char digits[3] = {at[0], at[0] ? at[1] : '\0', '\0'};
    char *end;
    const long value = strtol(digits, &end, 16);
    return isxdigit((unsigned char)digits[0]) && end == digits + 2 ? (int)value : -1;
}

/* What %XX of an address stand for, in place. */
static void decode_percents(char *text) {
    char *to = text;
    for (const char *at = text; *at; at++) {
        const int value = *at == '%' ? hex_at(at + 1) : -1;
        *to++ = value > 0 ? (char)value : *at;
        if (value > 0) at += 2;
    }
    *to = '\0';
}

/* The first word, as a shell reads it; from malloc(). */
static char *first_word(const char *at, const char **rest) {
    char *word = malloc(strlen(at) + 1), *to = word, quote = '\0';
    if (!word) return NULL;
    for (; *at && (quote || !strchr(" \t\n", *at)); at++) {
        if (quote ? *at == quote : *at == '\'' || *at == '"')
            quote = quote ? '\0' : *at;
        else if (*at == '\\' && at[1] && quote != '\'')
            *to++ = *++at;
        else
            *to++ = *at;
    }
    *to = '\0';
    *rest = at + strspn(at, " \t\n");
    return word;
}

char *intake_path(const char *text, const char **rest) {
    static const char scheme[] = "file://";
    char *word = first_word(text + strspn(text, " \t"), rest);
    const char *home = getenv("HOME");
    if (!word) return NULL;
    if (strncmp(word, scheme, sizeof scheme - 1) == 0) {
        const char *path = strchr(word + sizeof scheme - 1, '/'); /* behind a host's name */
        if (path) memmove(word, path, strlen(path) + 1);
        decode_percents(word);
        return word;
    }
    if (word[0] != '~' || (word[1] && word[1] != '/') || !home) return word;
    const size_t cap = strlen(home) + strlen(word) + 1;
    char *whole = malloc(cap);
    if (whole) snprintf(whole, cap, "%s%s", home, word + 1);
    free(word);
    return whole;
}

const char *intake_fault(const char *text, size_t len, char words[96]) {
    for (size_t at = 0, n; at < len; at += n) {
        utf8proc_int32_t code;
        const utf8proc_ssize_t bytes = utf8proc_iterate((const utf8proc_uint8_t *)text + at,
                                                        (utf8proc_ssize_t)(len - at), &code);
        n = bytes > 0 && text[at] ? (size_t)bytes : 0;
        if (n) continue;
        snprintf(words, 96, text[at] ? "byte %zu (%02x) is not UTF-8" : "byte %zu is NUL", at + 1,
                 (unsigned)(unsigned char)text[at]);
        return words;
    }
    return NULL;
}
