#include "lines.h"

#include <stdio.h>
#include <string.h>

#include "text/utf8.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static uint32_t below(struct line *l, uint32_t n) {
    l->random += 0x9E3779B97F4A7C15u;
    uint64_t x = l->random;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return (uint32_t)((x ^ x >> 31) >> 33) % n;
}

static void put(struct line *l, const char *bytes, uint32_t n) {
    if (n > LINE_BYTES - l->len) return;
    memcpy(l->bytes + l->len, bytes, n);
    l->len += n;
}

static void put_text(struct line *l, const char *text) { put(l, text, (uint32_t)strlen(text)); }

static void put_code(struct line *l, uint32_t c) {
    const unsigned char tail = (unsigned char)(0x80 | (c & 0x3F));
    const unsigned char mid = (unsigned char)(0x80 | (c >> 6 & 0x3F));
    const unsigned char high = (unsigned char)(0x80 | (c >> 12 & 0x3F));
    if (c < 0x80)
        put(l, (char[]){(char)c}, 1);
    else if (c < 0x800)
        put(l, (char[]){(char)(0xC0 | c >> 6), (char)tail}, 2);
    else if (c < 0x10000)
        put(l, (char[]){(char)(0xE0 | c >> 12), (char)mid, (char)tail}, 3);
    else
        put(l, (char[]){(char)(0xF0 | c >> 18), (char)high, (char)mid, (char)tail}, 4);
}

static const char *const words[] = {
    "the",      "a",      "cat",     "dog",    "is",     "on",     "under",   "picture",
    "What",     "How",    "many",    "are",    "HTTP",   "there",  "can't",   "I'll",
    "they've",  "WE'RE",  "IT'S",    "he'd",   "I'M",    "red",    "green",   "house",
    "boat",     "window", "near",    "Paris",  "iPhone", "x86_64", "e.g.",    "Mr.",
    "co-op",    "naïve",  "café",    "Straße", "über",   "señor",  "l'élève", "rock'n'roll",
    "sentence", "words",  "o'clock", "don’t"};
static const char *const ends[] = {" ", " ", " ",  " ",  ", ", ". ", "; ", "! ", "? ", "... ",
                                   "-", "/", "\n", ": ", " (", ") ", "\"", "'",  "  ", " — "};

static void english(struct line *l) {
    for (uint32_t n = 2 + below(l, 16); n > 0; n--) {
        put_text(l, words[below(l, COUNT(words))]);
        put_text(l, ends[below(l, COUNT(ends))]);
    }
}

struct range {
    uint32_t first, last;
};
static const struct range scripts[] = {
    {0xC0, 0x17F},    {0x391, 0x3A1},   {0x3B1, 0x3C9},   {0x410, 0x44F},   {0x561, 0x586},
    {0x5D0, 0x5EA},   {0x621, 0x652},   {0x904, 0x94D},   {0x985, 0x98C},   {0xB85, 0xB8A},
    {0xC05, 0xC0C},   {0xE01, 0xE3A},   {0xE81, 0xE82},   {0xF40, 0xF47},   {0x1000, 0x103F},
    {0x10D0, 0x10F0}, {0x1200, 0x1248}, {0x1780, 0x17D3}, {0x3041, 0x3096}, {0x30A1, 0x30FA},
    {0x3105, 0x312C}, {0x4E00, 0x9FA5}, {0x4E00, 0x4FFF}, {0xAC00, 0xD7A3}, {0xFF66, 0xFF9D}};
static const char *const stops[] = {" ",  " ",  " ",  "，", "。", "、",
                                    "؟ ", "। ", "！", ".",  "\n", "·"};

static void script(struct line *l) {
    const struct range r = scripts[below(l, COUNT(scripts))];
    for (uint32_t n = 1 + below(l, 12); n > 0; n--) {
        for (uint32_t k = 1 + below(l, 9); k > 0; k--)
            put_code(l, r.first + below(l, r.last - r.first + 1));
        put_text(l, stops[below(l, COUNT(stops))]);
    }
}

static const char *const tokens[] = {
    "for",   "(int i = 0; ", "i < n; ",   "i++)",    " {\n",  "\n}\n", "\t",     "    ", "        ",
    "def ",  "f(x):",        "return ",   "->",      "==",    "!=",    "<<=",    "&&",   "||",
    "/*",    "*/",           "// ",       "# ",      "\"a\"", "'b'",   "[0]",    "{};",  "0x1F",
    "1e-5f", "snake_case",   "camelCase", "CONST_2", "::",    "<T>",   "</div>", "\\n",  "\r\n",
    "%s",    "${x}",         "@at",       "a.b",     "`q`",   "~/x",   "$HOME",  "=> ",  "\n\n\n"};

static void code(struct line *l) {
    for (uint32_t n = 3 + below(l, 24); n > 0; n--) put_text(l, tokens[below(l, COUNT(tokens))]);
}

static const uint32_t zeros[] = {'0', '0', '0', '0', 0x660, 0x6F0, 0x966, 0xE50, 0xFF10, 0x1D7CE};
static const char *const odd_numbers[] = {"½", "²", "Ⅷ", "①", "㊿", "〇", "٫", "一", "1st", "²³"};
static const char *const between[] = {" ", ".", ",", "-", "+", ":", "/", "%", "€", "e", "x", ""};

static void numbers(struct line *l) {
    for (uint32_t n = 1 + below(l, 9); n > 0; n--) {
        const uint32_t zero = zeros[below(l, COUNT(zeros))];
        for (uint32_t k = 1 + below(l, 11); k > 0; k--) put_code(l, zero + below(l, 10));
        if (below(l, 6) == 0) put_text(l, odd_numbers[below(l, COUNT(odd_numbers))]);
        put_text(l, between[below(l, COUNT(between))]);
    }
}

static const uint32_t blanks[] = {' ',    ' ',    ' ',    '\t',   '\n',   '\n',   '\r',
                                  0x0B,   0x0C,   0x85,   0xA0,   0x1680, 0x2003, 0x200B,
                                  0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF, 0x2581};

static void white(struct line *l) {
    for (uint32_t n = 1 + below(l, 8); n > 0; n--) {
        const uint32_t c = blanks[below(l, COUNT(blanks))];
        for (uint32_t k = 1 + below(l, below(l, 8) == 0 ? 60 : 4); k > 0; k--) put_code(l, c);
        if (below(l, 2)) put_text(l, words[below(l, COUNT(words))]);
    }
}

static const char *const faces[] = {"👩‍👩‍👧‍👦",
                                    "👍🏽",
                                    "🇺🇸",
                                    "🇩🇪🇫",
                                    "❤️‍🔥",
                                    "🏳️‍🌈",
                                    "1️⃣",
                                    "#️⃣",
                                    "👨🏿‍🚀",
                                    "☺︎",
                                    "🧑‍🤝‍🧑",
                                    "\U0001F3F4\U000E0067\U000E0062\U000E007F",
                                    "©",
                                    "™️",
                                    "‍",
                                    "️",
                                    "👩‍",
                                    "🙂🙂🙂",
                                    "♀️",
                                    "→"};

static void emoji(struct line *l) {
    for (uint32_t n = 1 + below(l, 10); n > 0; n--) {
        put_text(l, faces[below(l, COUNT(faces))]);
        if (below(l, 3) == 0) put_code(l, 0x1F300 + below(l, 0x150));
        if (below(l, 3) == 0) put_text(l, words[below(l, COUNT(words))]);
        if (below(l, 3) == 0) put_text(l, " ");
    }
}

static void combining(struct line *l) {
    for (uint32_t n = 1 + below(l, 24); n > 0; n--) {
        put_code(l, below(l, 4) ? 'a' + below(l, 26) : 0x410 + below(l, 64));
        for (uint32_t k = below(l, 4); k > 0; k--) put_code(l, 0x300 + below(l, 0x70));
        if (below(l, 5) == 0) put_text(l, " ");
    }
}

static const struct range rare[] = {
    {0x00, 0x1F},       {0x7F, 0xA0},         {0x80, 0x2FF},      {0x483, 0x489},
    {0x591, 0x5BD},     {0x600, 0x604},       {0x1400, 0x167F},   {0x1680, 0x169C},
    {0x1E00, 0x1EFF},   {0x2000, 0x2064},     {0x2100, 0x218B},   {0x2190, 0x23FA},
    {0x2460, 0x26FF},   {0x2800, 0x28FF},     {0x2FF0, 0x2FFB},   {0x3000, 0x303F},
    {0x3200, 0x321E},   {0x3400, 0x4DB5},     {0xA000, 0xA48C},   {0xE000, 0xF8FF},
    {0xFB00, 0xFB06},   {0xFE00, 0xFE0F},     {0xFE20, 0xFE2F},   {0xFF01, 0xFF5E},
    {0xFFF9, 0xFFFF},   {0x10000, 0x1000B},   {0x10300, 0x1031F}, {0x10400, 0x1049D},
    {0x12000, 0x12399}, {0x13000, 0x1342E},   {0x1D100, 0x1D126}, {0x1D400, 0x1D454},
    {0x1F900, 0x1F90B}, {0x20000, 0x2A6D6},   {0xE0020, 0xE007F}, {0xE0100, 0xE01EF},
    {0xF0000, 0xFFFFF}, {0x10FFFE, 0x10FFFF}, {0xD7B0, 0xD7C6},   {0x1C5, 0x1F3}};

static void rarities(struct line *l) {
    for (uint32_t n = 1 + below(l, 24); n > 0; n--) {
        const struct range r = rare[below(l, COUNT(rare))];
        put_code(l, r.first + below(l, r.last - r.first + 1));
        if (below(l, 4) == 0) put_text(l, below(l, 2) ? " " : "a");
    }
}

static void long_word(struct line *l) {
    static const char *const letters[] = {"ab", "etaoin", "A", "_-", "0123456789", "=", ".!?", " "};
    const char *from = letters[below(l, COUNT(letters))];
    const uint32_t n_letters = (uint32_t)strlen(from);
    for (uint32_t n = 100 + below(l, below(l, 8) == 0 ? 4000 : 300); n > 0; n--)
        put_code(l, (unsigned char)from[below(l, n_letters)]);
}

static const char *const specials[] = {"<|im_start|>",
                                       "<|im_end|>",
                                       "<|endoftext|>",
                                       "<image>",
                                       "<tab>",
                                       "<|end|>",
                                       "<|im_st",
                                       "<s>",
                                       "</s>",
                                       "<unk>",
                                       "<0x41>",
                                       "<",
                                       "|>",
                                       "<|im_start|>user\n",
                                       "<image><image>"};

static void special(struct line *l) {
    for (uint32_t n = 1 + below(l, 8); n > 0; n--) {
        put_text(l, specials[below(l, COUNT(specials))]);
        if (below(l, 2)) put_text(l, words[below(l, COUNT(words))]);
        if (below(l, 3) == 0) put_text(l, ends[below(l, COUNT(ends))]);
    }
}

static void broken(struct line *l) {
    for (uint32_t n = 1 + below(l, 12); n > 0; n--) {
        put_text(l, words[below(l, COUNT(words))]);
        for (uint32_t k = below(l, 4); k > 0; k--)
            put(l, (char[]){(char)(0x80 + below(l, 0x80))}, 1);
        if (below(l, 4) == 0) put_text(l, below(l, 2) ? "\xED\xA0\x80" : "\xF4\x90\x80\x80");
        if (below(l, 3) == 0) put_text(l, "\xE4\xBD");
    }
}

typedef void maker(struct line *l);
static maker *const makers[] = {english,   script,   code,      numbers, white, emoji,
                                combining, rarities, long_word, special, broken};

void line_make(struct line *l, uint32_t i) {
    const uint32_t kind = i % (COUNT(makers) + 2);
    l->len = 0;
    l->random = 0x76696469u + i * 0xD1342543DE82EF95u;
    if (below(l, 5) == 0) put_text(l, " ");
    if (kind < COUNT(makers)) makers[kind](l);
    for (uint32_t n = kind < COUNT(makers) ? 0 : 2 + below(l, 3); n > 0; n--)
        makers[below(l, COUNT(makers) - 1)](l);
    if (l->len == 0) put_text(l, "a");
}

bool line_is_utf8(const struct line *l) {
    uint32_t n = 1;
    for (uint32_t i = 0; i < l->len && n > 0; i += n) n = utf8_length(l->bytes + i, l->len - i);
    return n > 0;
}
