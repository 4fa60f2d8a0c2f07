#include "base/hash.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

uint64_t hash_bytes(const void *data, uint64_t len) {
    const unsigned char *bytes = data;
    uint64_t h = 14695981039346656037u;
    for (uint64_t i = 0; i < len; i++) h = (h ^ bytes[i]) * 1099511628211u;
    return h;
}

struct hash_key hash_draw(void) {
    struct hash_key key;
    if (getrandom(&key, sizeof key, GRND_NONBLOCK) == (ssize_t)sizeof key) return key;
    struct timespec now = {0};
    timespec_get(&now, TIME_UTC);
    return (struct hash_key){{(uint64_t)now.tv_sec * 1000000007u + (uint64_t)now.tv_nsec,
                              (uint64_t)(uintptr_t)&key ^ (uint64_t)(uintptr_t)hash_draw << 20}};
}

static uint64_t turn(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

static void mix(uint64_t v[4], int rounds) {
    for (int i = 0; i < rounds; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = turn(v[1], 13) ^ v[0];
        v[3] = turn(v[3], 16) ^ v[2];
        v[0] = turn(v[0], 32) + v[3];
        v[2] += v[1];
        v[3] = turn(v[3], 21) ^ v[0];
        v[1] = turn(v[1], 17) ^ v[2];
        v[2] = turn(v[2], 32);
    }
}

/* Up to eight bytes as a number, the first one lowest. */
static uint64_t take(const unsigned char *bytes, uint64_t n) {
    uint64_t word = 0;
    for (uint64_t i = 0; i < n; i++) word |= (uint64_t)bytes[i] << 8 * i;
    return word;
}

uint64_t hash_keyed(const struct hash_key *key, const void *data, uint64_t len) {
    const unsigned char *bytes = data;
    /* The four words are the letters "somepseudorandomlygeneratedbytes". */
    uint64_t v[4] = {key->word[0] ^ 0x736f6d6570736575u, key->word[1] ^ 0x646f72616e646f6du,
                     key->word[0] ^ 0x6c7967656e657261u, key->word[1] ^ 0x7465646279746573u};
    uint64_t at = 0;
    for (; len - at >= 8; at += 8) {
        const uint64_t word = take(bytes + at, 8);
        v[3] ^= word;
        mix(v, 2);
        v[0] ^= word;
    }
    const uint64_t last = take(bytes + at, len - at) | len << 56;
    v[3] ^= last;
    mix(v, 2);
    v[0] ^= last;
    v[2] ^= 0xff;
    mix(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
