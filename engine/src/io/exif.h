/* exif.h - the one thing we want from EXIF: which way up a picture is. */
#ifndef VD_EXIF_H
#define VD_EXIF_H
#include <stdint.h>

/* The orientation (1 .. 8) that a TIFF structure in either byte order tells in its first
 * directory; 1, "upright", when it tells none or is damaged. Reads inside [tiff, tiff + bytes). */
uint32_t exif_orientation(const unsigned char *tiff, uint64_t bytes);
#endif
