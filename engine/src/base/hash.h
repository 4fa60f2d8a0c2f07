/* hash.h - two hashes of bytes. Threads: any. */
#ifndef VD_HASH_H
#define VD_HASH_H
#include <stdint.h>

/* FNV-1a, 64 bits: sums of files that this program wrote itself. Never for a table: anybody can
 * make bytes that agree. */
uint64_t hash_bytes(const void *data, uint64_t len);

/* Who does not know the key cannot choose bytes whose hashes agree. */
struct hash_key {
    uint64_t word[2];
};
/* Drawn from the system; from clock and addresses where it has none yet. */
struct hash_key hash_draw(void);
/* SipHash-2-4. */
uint64_t hash_keyed(const struct hash_key *key, const void *data, uint64_t len);
#endif
