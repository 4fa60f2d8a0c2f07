#define _POSIX_C_SOURCE 200809L
#include "words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* How many bytes the character at `c` has; 0: it is none that belongs into a line. */
static size_t whole(const unsigned char *c) {
    if (*c < 0x80) return *c >= 32 && *c != 127;
    if (*c < 0xc2 || *c > 0xf4) return 0;
    const size_t n = *c < 0xe0 ? 2 : *c < 0xf0 ? 3 : 4;
    for (size_t i = 1; i < n; i++)
        if ((c[i] & 0xc0) != 0x80) return 0;
    return n;
}

void words_mend(char *text) {
    unsigned char *to = (unsigned char *)text;
    for (unsigned char *from = to; *from;) {
        size_t n = whole(from);
        const bool good = n > 0;
        if (good) memmove(to, from, n);
        if (!good) { /* all that was left of one character makes one mark */
            *to = '?';
            n = 1;
            while ((from[n] & 0xc0) == 0x80) n++;
        }
        from += n;
        to += good ? n : 1;
        if (!*from) *to = '\0';
    }
}

void words_copy(char *to, size_t cap, const char *from) {
    size_t n = strlen(from);
    if (n >= cap) {
        n = cap - 1;
        while (n > 0 && ((unsigned char)from[n] & 0xc0) == 0x80) n--;
    }
    memmove(to, from, n);
    to[n] = '\0';
    words_mend(to);
}

char *words_name(const char *spec) {
    char *name = strdup(spec);
    char *host = name ? strstr(name, "://") : NULL;
    if (!host) return name;
    host += 3;
    const size_t authority = strcspn(host, "/?#");
    char *end = host + authority, *at = NULL;
    for (char *c = host; c < end; c++)
        if (*c == '@') at = c;
    if (at) memmove(host, at + 1, strlen(at + 1) + 1);
    return name;
}
