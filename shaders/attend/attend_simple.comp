#version 460
//! y = softmax(q . k * scale) . v: one number of y a lane, which computes all scores by itself
//! variant C: f32 f16
#define Q_T float
#define KV_T uint
#include "attend/interface.glsl"

float k_at(uint i) {
#ifdef C_f16
    return unpackHalf2x16(k[i / 2u] >> (i % 2u * 16u)).x;
#else
    return uintBitsToFloat(k[i]);
#endif
}

float v_at(uint i) {
#ifdef C_f16
    return unpackHalf2x16(v[i / 2u] >> (i % 2u * 16u)).x;
#else
    return uintBitsToFloat(v[i]);
#endif
}

float score(uint q_from, uint k_from) {
    float sum = 0.0;
    for (uint i = 0u; i < DIM; i++) sum += q[q_from + i] * k_at(k_from + i);
    return capped(sum);
}

void main() {
    const uint row = gl_WorkGroupID.x, head = gl_WorkGroupID.y;
    const uint kv_from = head / (heads / kv_heads) * DIM;
    if (row >= live_rows()) return;
    const uvec2 range = seen(row);
    for (uint d = gl_LocalInvocationID.x; d < DIM; d += WG) {
        float top = 0.0, total = 0.0, sum = 0.0;
        for (uint j = range.x; j < range.y; j++) {
            if (mode == ATTEND_MASK && mask[row * kv_rows + j] == 0u) continue;
            const float here = score(row * q_stride + head * DIM, j * kv_stride + kv_from);
            const float new_top = total == 0.0 ? here : max(top, here);
            const float keep = total == 0.0 ? 0.0 : exact_exp(top - new_top);
            const float weight = exact_exp(here - new_top);
            total = total * keep + weight;
            sum = sum * keep + weight * v_at(j * kv_stride + kv_from + d);
            top = new_top;
        }
        y[row * y_stride + head * DIM + d] = total == 0.0 ? 0.0 : sum / total;
    }
}
