/* Stands in for hub_pull.c in a build without libcurl or OpenSSL. */
#include <stdio.h>
#include <string.h>

#include "hub_hash.h"
#include "hub_picture.h"
#include "hub_pull.h"

bool hub_note_read(const char *cache, const struct hub_spec *spec, const char *hash,
                   struct hub_note *note) {
    (void)cache, (void)spec, (void)hash;
    memset(note, 0, sizeof *note);
    return false;
}

enum http_result hub_pull(struct hub_pull *p) {
    snprintf(p->error, sizeof p->error,
             "this vidi was built without libcurl and OpenSSL and cannot fetch anything");
    return HTTP_FAILED;
}

void hub_pull_free(struct hub_pull *p) { (void)p; }

enum hub_verdict hub_verify(const char *path, const char *name,
                            bool (*on_bytes)(void *user, uint64_t done), void *user) {
    (void)path, (void)name, (void)on_bytes, (void)user;
    return HUB_ABSENT;
}

bool hub_picture(const char *url, void **data, size_t *bytes, char words[HTTP_WORDS]) {
    *data = NULL;
    *bytes = 0;
    snprintf(words, HTTP_WORDS,
             "%.200s: this vidi was built without libcurl and OpenSSL and cannot fetch anything",
             url);
    return false;
}

bool hub_hash_open(struct hub_hash *h, const char *name, uint64_t size) {
    (void)h, (void)name, (void)size;
    return false;
}

bool hub_hash_add(struct hub_hash *h, const void *bytes, size_t n) {
    (void)h, (void)bytes, (void)n;
    return false;
}

bool hub_hash_close(struct hub_hash *h, char digits[HUB_HASH_CAP]) {
    (void)h;
    digits[0] = '\0';
    return false;
}
