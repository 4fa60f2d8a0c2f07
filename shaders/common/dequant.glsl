// dequant.glsl - weights of the device forms (engine/src/ops/weight.h) as floats.
//
// The includer declares the planes w (uvec4), h (uint), s (uint), the push constants w_stride
// (uvec4 a row), h_stride and s_stride (words a row), and has an axis W with the form's name.
// Where w is not an array, the includer says how to read it: W_AT(i).
//
// A row is read in loads of 16 bytes. Load l of a row holds STEPS steps of four elements each:
//     Load q = weight_load(row, l);
//     for (uint i = 0; i < STEPS; i++) vec4 of elements 4 * (l * STEPS + i)... = weight_step(q, i);
// The first argument's word order is rotated by weight_next(q), so that weight_step() reads the
// same components every time and the loop over steps need not be unrolled.
//     float weight_at(row, k): one element, from anywhere.
#ifndef DEQUANT_GLSL
#define DEQUANT_GLSL

#ifndef W_AT
#define W_AT(i) w[i]
#endif

#if defined(W_f32)
#define STEPS 1u
#elif defined(W_f16) || defined(W_bf16)
#define STEPS 2u
#elif defined(W_q8_0)
#define STEPS 4u
#else
#define STEPS 8u
#endif
#define LOAD (4u * STEPS) // elements a load

#if defined(W_q4_1) || defined(W_q5_1)
#define HAS_MIN
#endif

#ifdef W_iq4
// Four signed steps a word: -127 -104 -83 -65, -49 -35 -22 -10, 1 13 25 38, 53 69 89 113.
int iq4_step(int code) {
    const uint low = code < 4 ? 0xbfad9881u : 0xf6eaddcfu;
    const uint high = code < 12 ? 0x26190d01u : 0x71594535u;
    return int((code < 8 ? low : high) << (24 - 8 * (code & 3))) >> 24;
}
#endif

struct Load {
    uvec4 q;
    uvec2 h; // the high bits of q5 (x) and q6
    vec2 d;  // scale and minimum; q6: scales of the halves
#ifdef W_q2
    vec2 d2; // of the second half
#endif
};

// Halves are unpacked from words: 16-bit loads are not in the baseline.
float scale_at(uint row, uint i) {
    return unpackHalf2x16(s[row * s_stride + i / 2u] >> (i % 2u * 16u)).x;
}

Load weight_load(uint row, uint l) {
    Load load;
    load.q = W_AT(row * w_stride + l);
    load.h = uvec2(0u);
    load.d = vec2(1.0, 0.0);
#if defined(W_q8_0)
    load.d.x = scale_at(row, l / 2u);
#elif defined(W_q4_0) || defined(W_q5_0) || defined(W_iq4)
    load.d.x = scale_at(row, l);
#elif defined(W_q2)
    load.d = unpackHalf2x16(s[row * s_stride + 2u * l]);
    load.d2 = unpackHalf2x16(s[row * s_stride + 2u * l + 1u]);
#elif defined(W_q4_1) || defined(W_q5_1) || defined(W_q6)
    load.d = unpackHalf2x16(s[row * s_stride + l]);
#endif
#if defined(W_q5_0) || defined(W_q5_1)
    load.h.x = h[row * h_stride + l];
#elif defined(W_q6)
    load.h = uvec2(h[row * h_stride + 2u * l], h[row * h_stride + 2u * l + 1u]);
#endif
    return load;
}

// The codes of step i, without scale and minimum but with the zero taken off.
vec4 weight_codes(Load load, uint i) {
#if defined(W_f32)
    return uintBitsToFloat(load.q);
#elif defined(W_f16)
    return vec4(unpackHalf2x16(load.q.x), unpackHalf2x16(load.q.y));
#elif defined(W_bf16)
    const uvec4 bits = uvec4(load.q.x << 16, load.q.x & 0xffff0000u, load.q.y << 16,
                             load.q.y & 0xffff0000u);
    return uintBitsToFloat(bits);
#elif defined(W_q8_0)
    return vec4((ivec4(int(load.q.x)) << ivec4(24, 16, 8, 0)) >> 24);
#else
    const uvec4 shifts = uvec4(0u, 8u, 16u, 24u);
    ivec4 code = ivec4((uvec4(load.q.x) >> (shifts + (i & 4u))) & 15u);
#if defined(W_q4_0)
    code -= 8;
#elif defined(W_iq4)
    code = ivec4(iq4_step(code.x), iq4_step(code.y), iq4_step(code.z), iq4_step(code.w));
#elif defined(W_q5_0) || defined(W_q5_1)
    const uvec4 high = (uvec4(load.h.x) >> (uvec4(0u, 1u, 2u, 3u) + 4u * i)) & 1u;
    code += ivec4(high << 4);
#if defined(W_q5_0)
    code -= 16;
#endif
#elif defined(W_q6)
    const uint word = i < 4u ? load.h.x : load.h.y;
    const uvec4 high = (uvec4(word) >> (uvec4(0u, 2u, 4u, 6u) + 8u * (i & 3u))) & 3u;
    code += ivec4(high << 4) - 32;
#endif
    return vec4(code);
#endif
}

vec4 weight_step(Load load, uint i) {
#if defined(HAS_MIN)
    return load.d.x * weight_codes(load, i) + load.d.y;
#elif defined(W_q6)
    return (i < 4u ? load.d.x : load.d.y) * weight_codes(load, i);
#elif defined(W_q2)
    const vec2 d = i < 4u ? load.d : load.d2;
    return d.x * weight_codes(load, i) + d.y;
#elif defined(W_f32) || defined(W_f16) || defined(W_bf16)
    return weight_codes(load, i);
#else
    return load.d.x * weight_codes(load, i);
#endif
}

void weight_next(inout Load load) {
#if defined(W_f16) || defined(W_bf16)
    load.q = load.q.zwxy;
#elif !defined(W_f32)
    load.q = load.q.yzwx;
#endif
}

float weight_at(uint row, uint k) {
    const uint l = k / LOAD, i = k % LOAD / 4u;
    Load load = weight_load(row, l);
#if defined(W_f16) || defined(W_bf16)
    if (i == 1u) load.q = load.q.zwxy;
#elif !defined(W_f32)
    load.q.x = load.q[i % 4u];
#endif
    return weight_step(load, i)[k % 4u];
}
#endif
