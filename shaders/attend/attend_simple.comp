#version 460
//! y = softmax(q . k * scale) . v: one number of y a lane, which computes all scores by itself
//! variant C: f32 f16 q8_0
//! Any size of a head, any stride; one pipeline serves them all, for DIM is not asked.
#define Q_T float
#include "attend/interface.glsl"

// Number i of the row of K or V that starts at `row`.
#ifdef C_f16
#define AT(data, row, i) unpackHalf2x16(data[((row) + (i)) / 2u] >> (((row) + (i)) % 2u * 16u)).x
#elif defined(C_q8_0)
#define CODE(data, at) float(bitfieldExtract(int(data[(at) / 4u]), int((at) % 4u * 8u), 8))
#define HALF(data, at) unpackHalf2x16(data[(at) / 4u] >> ((at) % 4u * 8u)).x
#define SCALES (kv_heads * head_dim)
#define AT(data, row, i) (CODE(data, (row) + (i)) * HALF(data, (row) + SCALES + (i) / 32u * 2u))
#else
#define AT(data, row, i) uintBitsToFloat(data[(row) + (i)])
#endif

float score(uint q_from, uint k_row, uint k_from) {
    float sum = 0.0;
    for (uint i = 0u; i < head_dim; i++) sum += q[q_from + i] * AT(k, k_row, k_from + i);
    return capped(sum);
}

void main() {
    const uint row = gl_WorkGroupID.x, head = gl_WorkGroupID.y;
    const uint kv_from = head / (heads / kv_heads) * head_dim;
    if (row >= live_rows()) return;
    const uvec2 range = seen(row);
    const float slope = slope_of(head);
    for (uint d = gl_LocalInvocationID.x; d < head_dim; d += WG) {
        float top = 0.0, total = 0.0, sum = 0.0;
        for (uint j = range.x; j < range.y; j++) {
            if (mode == ATTEND_MASK && mask[row * kv_rows + j] == 0u) continue;
            const float here = score(row * q_stride + head * head_dim, j * kv_stride, kv_from) +
                               leaning(slope, row, j);
            const float new_top = total == 0.0 ? here : max(top, here);
            const float keep = total == 0.0 ? 0.0 : exact_exp(top - new_top);
            const float weight = exact_exp(here - new_top);
            total = total * keep + weight;
            sum = sum * keep + weight * AT(v, j * kv_stride, kv_from + d);
            top = new_top;
        }
        y[row * y_stride + head * head_dim + d] = total == 0.0 ? 0.0 : sum / total;
    }
}
