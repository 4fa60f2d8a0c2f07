/* gguf_open_memory() on any bytes: an error, or a file of which everything that gguf.h promises is
 * true (oracle_gguf.h). */
#include <stdint.h>
#include <stdio.h>

#include "oracle_gguf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    if (oracle_gguf(data, bytes)) return 0;
    fprintf(stderr, "does not hold: %s\n", oracle_failed);
    __builtin_trap();
}
