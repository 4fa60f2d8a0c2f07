/* kinds.h - the words shared by ops and graphs; shaders know them by number (common/act.glsl). */
#ifndef VD_KINDS_H
#define VD_KINDS_H

enum act { ACT_NONE, ACT_GELU, ACT_GELU_TANH, ACT_QUICK_GELU, ACT_SILU, ACT_RELU, ACT_COUNT };
enum attend_mode {
    ATTEND_ALL,
    ATTEND_CAUSAL,
    ATTEND_PREFIX,
    ATTEND_WINDOW,
    ATTEND_MASK,
    ATTEND_SPANS
};

/* How a row of the K or V cache is kept. KV_Q8_0: kv_heads*head_dim signed bytes, then an f16 scale
 * for each 32 of them, filled up to whole 8 bytes; head_dim is a multiple of 32. */
enum kv_type { KV_F32, KV_F16, KV_Q8_0 };
#endif
