/* lines.h - varied lines of text for comparing tokenizers: the same ones everywhere and always. */
#ifndef LINES_H
#define LINES_H
#include <stdbool.h>
#include <stdint.h>

enum { LINES = 10000, LINE_BYTES = 8192 };

struct line {
    char bytes[LINE_BYTES];
    uint32_t len;
    uint64_t random; /* state; for the maker only */
};

/* Line i: English, other scripts, code, numbers, runs of white space, emoji joined by U+200D, marks
 * that combine, rare code points, long words, special words inside text, mixtures, and invalid
 * UTF-8. Code points are those whose kind all versions of Unicode since 9 agree about. */
void line_make(struct line *line, uint32_t i);
bool line_is_utf8(const struct line *line);
#endif
