#version 460
//! First pass of a resize: rows of RGB bytes to pixels of 4 bytes at the new width
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 64;

layout(binding = 0) readonly buffer B0 { uint rgb[]; };
layout(binding = 1) readonly buffer B1 { int coeffs[]; }; // [out_w] rows: first, count, taps
layout(binding = 2) writeonly buffer B2 { uint rows_u8[]; };
layout(push_constant) uniform Push {
    uint height;
    uint stride; // bytes
    uint out_w;
    uint taps;
};

// Three bytes that lie in one word or in two.
ivec3 pixel_at(uint at) {
    const uint low = rgb[at / 4], high = rgb[(at + 2) / 4], off = at % 4 * 8;
    const uint v = off == 0u ? low : low >> off | high << (32u - off);
    return ivec3(v & 255u, v >> 8 & 255u, v >> 16 & 255u);
}

void main() {
    const uint col = gl_GlobalInvocationID.x;
    if (col >= out_w) return;
    const uint row_of = col * (taps + 2u);
    const uint first = uint(coeffs[row_of]), n = uint(coeffs[row_of + 1u]);
    for (uint row = gl_WorkGroupID.y; row < height; row += gl_NumWorkGroups.y) {
        ivec3 sum = ivec3(1 << 21);
        for (uint i = 0; i < n; i++)
            sum += pixel_at(row * stride + (first + i) * 3) * coeffs[row_of + 2u + i];
        const uvec3 v = uvec3(clamp(sum >> 22, 0, 255));
        rows_u8[row * out_w + col] = v.x | v.y << 8 | v.z << 16;
    }
}
