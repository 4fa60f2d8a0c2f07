#include "hub_hash.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 1 << 20 };

void hub_hash_drop(struct hub_hash *h) {
    EVP_MD_CTX_free(h->state);
    h->state = NULL;
}

bool hub_hash_add(struct hub_hash *h, const void *bytes, size_t n) {
    return EVP_DigestUpdate(h->state, bytes, n) == 1;
}

bool hub_hash_open(struct hub_hash *h, const char *name, uint64_t size) {
    const bool git = strlen(name) == 40;
    hub_hash_drop(h);
    h->state = EVP_MD_CTX_new();
    if (!h->state || EVP_DigestInit_ex(h->state, git ? EVP_sha1() : EVP_sha256(), NULL) != 1)
        return false;
    if (!git) return true;
    char head[40];
    const int n = snprintf(head, sizeof head, "blob %" PRIu64, size);
    return hub_hash_add(h, head, (size_t)n + 1); /* with its NUL */
}

bool hub_hash_close(struct hub_hash *h, char digits[HUB_HASH_CAP]) {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    const bool good = EVP_DigestFinal_ex(h->state, bytes, &n) == 1 && n <= 32;
    hub_hash_drop(h);
    digits[0] = '\0';
    for (unsigned i = 0; good && i < n; i++) snprintf(digits + (size_t)2 * i, 3, "%02x", bytes[i]);
    return good;
}

bool hub_hash_file(struct hub_hash *h, int fd, uint64_t size, hub_on_bytes *on_bytes, void *user) {
    unsigned char *piece = malloc(PIECE);
    uint64_t done = 0;
    errno = ENOMEM;
    bool good = piece != NULL;
    while (good && done < size) {
        const size_t want = size - done < PIECE ? (size_t)(size - done) : PIECE;
        const ssize_t n = read(fd, piece, want);
        if (n < 0 && errno == EINTR) continue;
        if (n == 0) errno = EIO;
        good = n > 0 && hub_hash_add(h, piece, (size_t)n);
        if (!good) break;
        done += (uint64_t)n;
        errno = 0;
        good = on_bytes(user, done);
    }
    const int saved = errno;
    free(piece);
    errno = saved;
    return good;
}
