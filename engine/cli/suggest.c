#include "suggest.h"

#include <string.h>

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Letters to insert, delete, replace or swap with the next one to make a into b. */
static size_t edit_distance(const char *a, const char *b) {
    const size_t n_a = strlen(a), n_b = strlen(b);
    if (n_a > SUGGEST_LONGEST || n_b > SUGGEST_LONGEST) return SUGGEST_LONGEST;
    size_t rows[3][SUGGEST_LONGEST + 1] = {{0}};
    for (size_t j = 0; j <= n_b; j++) rows[0][j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            const size_t replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = smaller(replaced, smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[n_a % 3][n_b];
}

void suggest_start(struct suggestion *s, const char *word) {
    *s = (struct suggestion){.word = word, .distance = (strlen(word) + 2) / 3 + 1};
}

void suggest_offer(struct suggestion *s, const char *candidate) {
    const size_t distance = edit_distance(s->word, candidate);
    if (distance >= s->distance) return;
    s->distance = distance;
    memcpy(s->best, candidate, strlen(candidate) + 1); /* not longer: it was near enough */
}
