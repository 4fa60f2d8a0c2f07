/* kind.h - what a file is, by its first bytes: the one list that pictures and models look at.
 *
 * Nothing is decoded, and a kind says nothing about the rest of the file being sound. */
#ifndef VD_KIND_H
#define VD_KIND_H
#include <stdint.h>

enum kind {
    KIND_UNKNOWN,
    KIND_JPEG, /* pictures that are read ... */
    KIND_PNG,
    KIND_BMP,
    KIND_PPM, /* P2, P3, P5, P6 */
    KIND_GIF,
    KIND_WEBP,
    KIND_TIFF,
    KIND_HEIF,    /* HEIC and AVIF, also of several pictures */
    KIND_READ,    /* ... end before this one */
    KIND_PICTURE, /* of another format */
    KIND_VIDEO,
    KIND_PLAYLIST, /* names other files or addresses to play */
    KIND_MODEL,
    KIND_LFS, /* stands for a file that was not fetched */
    KIND_OTHER
};

enum { KIND_HEAD = 512 }; /* bytes that are looked at, at most */

struct kind_found {
    enum kind kind;
    const char *words; /* "a WebP picture"; NULL: nothing known */
};
struct kind_found kind_of(const void *head, uint64_t bytes);
#endif
