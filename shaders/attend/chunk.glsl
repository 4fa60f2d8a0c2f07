// chunk.glsl - rows of K and V as chunks of 16 bytes, of 8 in q8_0 and f16x4, by the axis C.
#if defined(C_f32) || defined(C_f16x4)
const uint CHUNK = 4u;
#else
const uint CHUNK = 8u; // numbers
#endif
const uint CHUNKS = DIM / CHUNK; // of a head
const float NEVER = -3.0e38;     // a score that nothing seen can have

#ifdef C_q8_0
// The scales follow the codes of all heads, two a word; four chunks share one.
uint scales_of(uint c) { return kv_heads * CHUNKS + c / 16u; }

void unpack(uvec2 p, uvec2 scales, uint c, out float f[CHUNK]) {
    const float scale = unpackHalf2x16(scales[c / 8u % 2u] >> (c / 4u % 2u * 16u)).x;
    [[unroll]] for (uint e = 0u; e < CHUNK; e++)
        f[e] = scale * float(bitfieldExtract(int(p[e / 4u]), int(e % 4u * 8u), 8));
}
#elif defined(C_f16x4)
void unpack(uvec2 p, out float f[CHUNK]) {
    const vec2 a = unpackHalf2x16(p.x), b = unpackHalf2x16(p.y);
    f[0] = a.x, f[1] = a.y, f[2] = b.x, f[3] = b.y;
}
#else
void unpack(uvec4 p, out float f[CHUNK]) {
#ifdef C_f16
    const vec2 a = unpackHalf2x16(p.x), b = unpackHalf2x16(p.y);
    const vec2 c = unpackHalf2x16(p.z), d = unpackHalf2x16(p.w);
    f[0] = a.x, f[1] = a.y, f[2] = b.x, f[3] = b.y, f[4] = c.x, f[5] = c.y, f[6] = d.x, f[7] = d.y;
#else
    const vec4 a = uintBitsToFloat(p);
    f[0] = a.x, f[1] = a.y, f[2] = a.z, f[3] = a.w;
#endif
}
#endif

// Chunk c of the row of K that starts at `row`, and of V.
void k_chunk(uint row, uint c, out float f[CHUNK]) {
#ifdef C_q8_0
    unpack(k[row + c], k[row + scales_of(c)], c, f);
#else
    unpack(k[row + c], f);
#endif
}

void v_chunk(uint row, uint c, out float f[CHUNK]) {
#ifdef C_q8_0
    unpack(v[row + c], v[row + scales_of(c)], c, f);
#else
    unpack(v[row + c], f);
#endif
}

bool sees(uint row, uvec2 range, uint j) {
    if (j < range.x || j >= range.y) return false;
    return mode != ATTEND_MASK || mask[row * kv_rows + j] != 0u;
}
