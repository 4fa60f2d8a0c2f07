#include "gpu/inside.h"

/* Numbers of the SPIR-V format. */
enum {
    HEAD_WORDS = 5,
    OP_EXECUTION_MODE = 16,
    OP_CONSTANT = 43,
    OP_CONSTANT_COMPOSITE = 44,
    OP_SPEC_CONSTANT = 50,
    OP_SPEC_CONSTANT_COMPOSITE = 51,
    OP_DECORATE = 71,
    OP_EXECUTION_MODE_ID = 331,
    MODE_LOCAL_SIZE = 17,
    MODE_LOCAL_SIZE_ID = 38,
    DECORATION_SPEC_ID = 1,
    DECORATION_BUILT_IN = 11,
    BUILT_IN_WORKGROUP_SIZE = 25,
};

/* The next instruction's first word, or NULL behind the last. */
static const uint32_t *step(const struct kernel_variant *v, const uint32_t *at) {
    const uint32_t *end = v->words + v->n_words;
    const uint32_t *next = at ? at + (*at >> 16) : v->words + HEAD_WORDS;
    if (next >= end || !(*next >> 16) || (*next >> 16) > (size_t)(end - next)) return NULL;
    return next;
}

static uint32_t op_of(const uint32_t *at) { return *at & 0xffff; }

/* Value of a 32-bit constant, after specialisation; 0: not such a constant. */
static uint32_t value_of(const struct kernel *k, const struct kernel_variant *v,
                         const uint32_t *specs, uint32_t id) {
    uint32_t value = 0, spec = UINT32_MAX;
    for (const uint32_t *at = NULL; (at = step(v, at));) {
        if (op_of(at) == OP_DECORATE && at[1] == id && at[2] == DECORATION_SPEC_ID) spec = at[3];
        if ((op_of(at) == OP_CONSTANT || op_of(at) == OP_SPEC_CONSTANT) && at[2] == id)
            value = at[3];
    }
    for (uint32_t i = 0; i < k->n_specs; i++)
        if (k->specs[i].id == spec) value = specs[i];
    return value;
}

uint32_t spirv_local_size_x(const struct kernel *k, const struct kernel_variant *v,
                            const uint32_t *specs) {
    uint32_t literal = 0, size_id = 0, x_id = 0;
    for (const uint32_t *at = NULL; (at = step(v, at));) {
        const uint32_t op = op_of(at);
        if (op == OP_EXECUTION_MODE && at[2] == MODE_LOCAL_SIZE) literal = at[3];
        if (op == OP_EXECUTION_MODE_ID && at[2] == MODE_LOCAL_SIZE_ID) x_id = at[3];
        if (op == OP_DECORATE && at[2] == DECORATION_BUILT_IN && at[3] == BUILT_IN_WORKGROUP_SIZE)
            size_id = at[1];
        if ((op == OP_CONSTANT_COMPOSITE || op == OP_SPEC_CONSTANT_COMPOSITE) && size_id &&
            at[2] == size_id)
            x_id = at[3];
    }
    return x_id ? value_of(k, v, specs, x_id) : literal;
}
