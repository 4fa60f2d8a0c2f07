/* transcript.h - what was asked and answered, in order, and its export.
 *
 * At most TRANSCRIPT_MOST entries are kept; the oldest go first. Texts are UTF-8, owned here. One
 * thread. */
#ifndef VIEW_TRANSCRIPT_H
#define VIEW_TRANSCRIPT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum { TRANSCRIPT_MOST = 500 };

enum entry_state { ENTRY_WAITING, ENTRY_RUNNING, ENTRY_DONE, ENTRY_STOPPED, ENTRY_FAILED };

struct entry {
    uint64_t id; /* of the question */
    time_t when;
    enum entry_state state;
    bool live;        /* asked by the live mode */
    char *question;   /* as the user wrote it */
    char *answer;     /* what has come so far; never NULL */
    char *picture;    /* "4032 x 3024 -> 128 x 128, 1 tile, 24 tokens"; NULL: no new picture */
    char *name;       /* of the picture; NULL: no new picture */
    char *stats;      /* the numbers of the answer in one line; NULL: not complete */
    char *brief;      /* the most telling of them first, with " · " between; NULL like stats */
    char *error;      /* NULL: none */
    uint64_t frame;   /* of a source; 0: none */
    uint32_t version; /* counts up with every change, for whoever draws it */
};

struct transcript {
    struct entry *items;
    size_t n, cap;
};

/* NULL without memory. The entry stays where it is until the next call that adds or removes. */
struct entry *transcript_add(struct transcript *t, uint64_t id, const char *question);
struct entry *transcript_find(struct transcript *t, uint64_t id); /* NULL: gone or never there */
bool entry_append(struct entry *e, const char *text);
/* Replaces a text of an entry; NULL removes it. */
bool entry_set(struct entry *e, char **field, const char *text);
void transcript_remove(struct transcript *t, uint64_t id);
void transcript_clear(struct transcript *t);

/* The whole as Markdown or as JSON Lines, one object an entry. Written beside and renamed. On
 * failure false, and errno says why. */
bool transcript_write_markdown(const struct transcript *t, const char *path);
bool transcript_write_jsonl(const struct transcript *t, const char *path);
#endif
