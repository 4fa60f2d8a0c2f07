// chunk.glsl - rows of K and V as 16-byte chunks, by the axis C.
#ifdef C_f16
const uint CHUNK = 8u; // numbers in 16 bytes
#else
const uint CHUNK = 4u;
#endif
const uint CHUNKS = DIM / CHUNK; // of a head
const float NEVER = -3.0e38;     // a score that nothing seen can have

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

bool sees(uint row, uvec2 range, uint j) {
    if (j < range.x || j >= range.y) return false;
    return mode != ATTEND_MASK || mask[row * kv_rows + j] != 0u;
}
