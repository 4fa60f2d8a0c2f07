#include "gpu/kernel.h"

#include <string.h>

int kernel_variant(const struct kernel *k, const char *name) {
    for (uint32_t i = 0; i < k->n_variants; i++)
        if (strcmp(k->variants[i].name, name) == 0) return (int)i;
    return -1;
}
