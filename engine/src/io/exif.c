#include "io/exif.h"

#include <stdbool.h>
#include <string.h>

#include "io/bytes.h"

enum { ENTRY = 12, TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, UPRIGHT = 1 };

typedef uint64_t load_fn(const unsigned char *p, uint32_t n);

/* The orientation in one directory entry: tag, type, count, value. */
static uint32_t entry_value(const unsigned char *entry, load_fn *load) {
    const uint64_t value = load(entry + 8, 2);
    const bool sound = load(entry + 2, 2) == TYPE_SHORT && load(entry + 4, 4) == 1;
    return sound && value >= 1 && value <= 8 ? (uint32_t)value : UPRIGHT;
}

uint32_t exif_orientation(const unsigned char *tiff, uint64_t bytes) {
    if (bytes < 8) return UPRIGHT;
    const bool little = memcmp(tiff, "II\x2a\0", 4) == 0;
    if (!little && memcmp(tiff, "MM\0\x2a", 4) != 0) return UPRIGHT;
    load_fn *load = little ? load_le : load_be;
    const uint64_t directory = load(tiff + 4, 4);
    if (directory > bytes - 2) return UPRIGHT;
    const uint64_t n = load(tiff + directory, 2), room = (bytes - directory - 2) / ENTRY;
    for (uint64_t i = 0; i < n && i < room; i++) {
        const unsigned char *entry = tiff + directory + 2 + i * ENTRY;
        if (load(entry, 2) == TAG_ORIENTATION) return entry_value(entry, load);
    }
    return UPRIGHT;
}
