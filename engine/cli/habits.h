/* habits.h - options of other programs that people type out of habit, foremost llama.cpp's, and
 * what is said of each here. None of them is passed over in silence. */
#ifndef CLI_HABITS_H
#define CLI_HABITS_H
#include <stdbool.h>

struct habit {
    const char *names; /* separated by blanks */
    const char *value; /* NULL: it takes none; "": any; else those it may take, by |, or none */
    bool goes_on; /* what it asks for is so here anyway, or without a meaning: said, no failure */
    const char *words; /* of a sentence that begins with its name and a colon */
};

/* By its name, or by NAME=VALUE. NULL: no habit known. */
const struct habit *habit_find(const char *name);
#endif
