// act.glsl - the activations of enum act (engine/src/ops/kinds.h), by the same numbers.
//
// float activate(uint act, float v). Errors against the exact value, for finite v:
//   gelu        |v| * 4e-7 (and 2e-5 relative where v > -12: the tail keeps its digits)
//   gelu_tanh, quick_gelu, silu   |v| * 5e-7
//   relu, none  exact
// NaN stays NaN in all of them.
#ifndef ACT_GLSL
#define ACT_GLSL
#include "common/exp.glsl"

#define ACT_NONE 0u
#define ACT_GELU 1u
#define ACT_GELU_TANH 2u
#define ACT_QUICK_GELU 3u
#define ACT_SILU 4u
#define ACT_RELU 5u

// v / (1 + e^-z); below z = -80 the true value is under |v| * 1e-34.
float gate_sigmoid(float v, float z) {
    precise float y = v / (1.0 + exact_exp(-z));
    return z < -80.0 ? 0.0 : y;
}

// v * Phi(v) with Phi(-a) = erfc(a / sqrt 2) / 2 and erfc(t) = e^(-t*t) * P(1 / (1 + 0.4 t)).
// P is a least-squares fit of relative error 1.5e-8 over 0 <= t <= 6.
float gelu_erf(float v) {
    precise float a = abs(v);
    precise float u = 1.0 / (1.0 + 0.4 * (a * 0.70710678));
    precise float p = 0.0853541642;
    p = p * u - 0.452340633;
    p = p * u + 0.813982666;
    p = p * u - 0.536620259;
    p = p * u + 0.533525169;
    p = p * u + 0.0799257085;
    p = p * u + 0.253848135;
    p = p * u + 0.222130716;
    p = p * u + 1.94337263e-4;
    precise float tail = a > 13.0 ? 0.0 : 0.5 * p * exact_exp(-0.5 * a * a);
    return v * (v < 0.0 ? tail : 1.0 - tail);
}

float gelu_tanh(float v) {
    // Beyond 12 the gate is 0 or 1; the bound keeps the cube finite.
    precise float t = v < -12.0 ? -12.0 : (v > 12.0 ? 12.0 : v);
    precise float z = 1.59576912 * (t + 0.044715 * t * t * t);
    return gate_sigmoid(v, z);
}

float activate(uint act, float v) {
    switch (act) {
    case ACT_GELU: return gelu_erf(v);
    case ACT_GELU_TANH: return gelu_tanh(v);
    case ACT_QUICK_GELU: return gate_sigmoid(v, 1.702 * v);
    case ACT_SILU: return gate_sigmoid(v, v);
    case ACT_RELU: return v < 0.0 ? 0.0 : v;
    default: return v;
    }
}
#endif
