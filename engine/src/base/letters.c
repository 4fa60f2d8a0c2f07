#include "base/letters.h"

#include <stdbool.h>

void letters_of_bytes(uint16_t letters[256]) {
    uint16_t next = 256;
    for (int byte = 0; byte < 256; byte++) {
        const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
        letters[byte] = printable ? (uint16_t)byte : next++;
    }
}

uint32_t letter_write(uint16_t letter, char *out) {
    if (letter < 0x80) {
        out[0] = (char)letter;
        return 1;
    }
    out[0] = (char)(0xC0 | letter >> 6);
    out[1] = (char)(0x80 | (letter & 0x3F));
    return 2;
}
