/* utf8.h - one sequence of UTF-8 at a time, by the strict rules: no overlong forms, no surrogates,
 * nothing above U+10FFFF. */
#ifndef VD_UTF8_H
#define VD_UTF8_H
#include <stdbool.h>
#include <stdint.h>

/* Bytes that a sequence starting with `first` has, 1 .. 4; 0: it cannot start one. */
static inline uint32_t utf8_wanted(unsigned char first) {
    if (first < 0x80) return 1;
    if (first < 0xC2) return 0;
    if (first < 0xE0) return 2;
    if (first < 0xF0) return 3;
    return first < 0xF5 ? 4 : 0;
}

/* Whether `next` may stand at place 1 .. 3 of a sequence that starts with `first`. */
static inline bool utf8_continues(unsigned char first, uint32_t place, unsigned char next) {
    unsigned char low = 0x80, high = 0xBF;
    if (place == 1) {
        if (first == 0xE0) low = 0xA0;
        if (first == 0xED) high = 0x9F;
        if (first == 0xF0) low = 0x90;
        if (first == 0xF4) high = 0x8F;
    }
    return next >= low && next <= high;
}

/* Length of the valid sequence at text[0], 1 .. 4; 0: there is none, or len is 0. */
static inline uint32_t utf8_length(const char *text, uint64_t len) {
    const unsigned char *bytes = (const unsigned char *)text;
    if (len == 0) return 0;
    const uint32_t wanted = utf8_wanted(bytes[0]);
    if (wanted > len) return 0;
    for (uint32_t i = 1; i < wanted; i++)
        if (!utf8_continues(bytes[0], i, bytes[i])) return 0;
    return wanted;
}

/* The code point of a valid sequence of `len` bytes. */
static inline uint32_t utf8_decode(const char *text, uint32_t len) {
    const unsigned char *bytes = (const unsigned char *)text;
    static const unsigned char masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = bytes[0] & masks[len];
    for (uint32_t i = 1; i < len; i++) code = code << 6 | (bytes[i] & 0x3F);
    return code;
}

/* White space as Unicode has it. */
static inline bool utf8_is_space(uint32_t letter) {
    static const struct {
        uint32_t first, last;
    } spaces[] = {{0x09, 0x0D},     {0x20, 0x20},     {0x85, 0x85},     {0xA0, 0xA0},
                  {0x1680, 0x1680}, {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F},
                  {0x205F, 0x205F}, {0x3000, 0x3000}};
    for (uint32_t i = 0; i < sizeof spaces / sizeof *spaces; i++)
        if (letter >= spaces[i].first && letter <= spaces[i].last) return true;
    return false;
}

/* Text from a file as a message may carry it: its first 64 bytes, all but printable ASCII as '?'.
 */
struct shown {
    char text[65];
};
static inline struct shown shown(const char *text, uint64_t len) {
    struct shown s = {{0}};
    for (uint64_t i = 0; i < len && i + 1 < sizeof s.text; i++)
        s.text[i] = text[i] >= 0x20 && text[i] < 0x7F ? text[i] : '?';
    return s;
}
#endif
