#include "models/embedded.h"

#include <stddef.h>

#ifdef VIDI_EMBED
/* Laid down by models/embed.S from models/picturebook/picturebook.gguf. */
extern const unsigned char vidi_embedded_start[], vidi_embedded_end[];

const void *embedded_model(uint64_t *bytes) {
    *bytes = (uint64_t)(vidi_embedded_end - vidi_embedded_start);
    return vidi_embedded_start;
}
#else
const void *embedded_model(uint64_t *bytes) {
    *bytes = 0;
    return NULL;
}
#endif
