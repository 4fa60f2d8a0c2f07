/* letters.h - how byte-level BPE writes bytes: each as one printable letter. */
#ifndef VD_LETTERS_H
#define VD_LETTERS_H
#include <stdint.h>

/* The printable bytes of Latin-1 as themselves, the other 68 as the code points from U+0100 on. */
void letters_of_bytes(uint16_t letters[256]);

/* One of them in UTF-8, two bytes at most; the length. */
uint32_t letter_write(uint16_t letter, char *out);
#endif
