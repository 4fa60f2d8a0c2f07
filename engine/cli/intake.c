#include "intake.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utf8proc.h>

#include "address.h"

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
    char *word = first_word(text + strspn(text, " \t"), rest);
    if (!word) return NULL;
    if (address_is_file(word)) {
        if (!address_to_path(word)) return word;
        free(word);
        return NULL;
    }
    char *path = address_at_home(word);
    free(word);
    return path;
}

/* Takes `path`; NULL where there is no such file. */
static char *if_there(char *path) {
    if (path && access(path, F_OK) == 0) return path;
    free(path);
    return NULL;
}

char *intake_whole_path(const char *text) {
    static const char blanks[] = " \t\r\n";
    text += strspn(text, blanks);
    size_t n = strlen(text);
    while (n > 0 && strchr(blanks, text[n - 1])) n--;
    char *typed = strndup(text, n);
    if (!typed || access(typed, F_OK) == 0) return typed;
    const char *rest = "";
    char *path = if_there(address_at_home(typed));
    if (!path && address_is_file(typed)) {
        path = address_to_path(typed) ? NULL : typed; /* blanks in it, too */
    } else if (!path && (path = intake_path(typed, &rest)) && *rest) {
        free(path);
        path = NULL;
    }
    if (path != typed) free(typed);
    return path;
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
