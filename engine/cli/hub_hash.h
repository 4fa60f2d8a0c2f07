/* hub_hash.h - what a blob's name says its bytes hash to: sha256, or git's own for small files. */
#ifndef CLI_HUB_HASH_H
#define CLI_HUB_HASH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub.h"

struct hub_hash {
    void *state;
};

/* Starts over for `size` bytes that should hash to `name`: 64 digits are sha256, 40 are the sha1
 * that git gives a file. false: no memory, or the library has no such hash. */
bool hub_hash_open(struct hub_hash *h, const char *name, uint64_t size);
bool hub_hash_add(struct hub_hash *h, const void *bytes, size_t n);
/* Writes the digits and frees the state; false where hashing failed. */
bool hub_hash_close(struct hub_hash *h, char digits[HUB_HASH_CAP]);
void hub_hash_drop(struct hub_hash *h);

/* Adds the first `size` bytes of an open file, from where it stands. on_bytes is told each piece
 * and may stop it. false: errno says why, 0 for a stop, EIO for a file that is shorter. */
typedef bool hub_on_bytes(void *user, uint64_t done);
bool hub_hash_file(struct hub_hash *h, int fd, uint64_t size, hub_on_bytes *on_bytes, void *user);
#endif
