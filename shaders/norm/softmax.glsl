// softmax.glsl - softmax of one row; the two kernels differ in who shares a row. The kernel
// defines row_total() and row_max(): over the lanes of a row, known to all of them.
#include "common/exp.glsl"
#include "common/vec.glsl"

layout(binding = 0) readonly buffer B0 { V_T x[]; };
layout(binding = 1) writeonly buffer B1 { V_T y[]; };
layout(push_constant) uniform Push {
    uint rows;
    uint cols;
    float scale;
};

const float lowest = -3.40282347e38;

float row_total(float mine);
float row_max(float mine);

// e^v, and 0 where v is so low that exact_exp() stops falling (-inf too).
float weight_one(float v) { return v < -87.0 ? 0.0 : exact_exp(v); }
#ifdef V_four
vec4 weight_of(vec4 v) {
    return vec4(weight_one(v.x), weight_one(v.y), weight_one(v.z), weight_one(v.w));
}
float largest(vec4 v) { return max(max(v.x, v.y), max(v.z, v.w)); }
#else
float weight_of(float v) { return weight_one(v); }
float largest(float v) { return v; }
#endif

// The largest is at least `lowest`, so a row of -inf has weights of 0 and gives zeros.
void softmax_row(uint row, uint lane, uint lanes) {
    const uint n = cols / V_N, at = row * n;
    V_T top = V_T(lowest);
    for (uint i = lane; i < n; i += lanes) top = max(top, x[at + i] * scale);
    const float most = row_max(largest(top));
    V_T sum = V_T(0.0);
    for (uint i = lane; i < n; i += lanes) sum += weight_of(x[at + i] * scale - most);
    const float total = row_total(dot(sum, V_T(1.0)));
    const float per = total > 0.0 ? 1.0 / total : 0.0;
    for (uint i = lane; i < n; i += lanes) y[at + i] = weight_of(x[at + i] * scale - most) * per;
}
