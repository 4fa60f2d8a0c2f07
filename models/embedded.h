/* embedded.h - the model that ships inside the program, as the bytes of its GGUF file. */
#ifndef VD_EMBEDDED_H
#define VD_EMBEDDED_H
#include <stdint.h>

/* NULL: this build was made without it. The bytes start on a 64-byte boundary. */
const void *embedded_model(uint64_t *bytes);
#endif
