#version 460
//! Second pass of a resize, then normalise: planes of a picture, or rows of patches
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 64;

layout(binding = 0) readonly buffer B0 { uint rows_u8[]; };
layout(binding = 1) readonly buffer B1 { int coeffs[]; }; // from `from_row` on: first, count, taps
layout(binding = 2) writeonly buffer B2 { float y[]; };
layout(push_constant) uniform Push {
    uint out_w;
    uint out_h;
    uint out_x;
    uint out_y;
    uint canvas_w;
    uint canvas_h;
    uint patch_size; // 0: planes
    uint from_row;
    uint taps;
    float mul_r;
    float mul_g;
    float mul_b;
    float add_r;
    float add_g;
    float add_b;
};

// Where the first channel of a pixel of the canvas lies, and how far apart channels are.
uvec2 place(uint col, uint row) {
    if (patch_size == 0u) return uvec2(row * canvas_w + col, canvas_w * canvas_h);
    const uint area = patch_size * patch_size;
    const uint number = row / patch_size * (canvas_w / patch_size) + col / patch_size;
    return uvec2(number * 3 * area + row % patch_size * patch_size + col % patch_size, area);
}

void main() {
    const uint col = gl_GlobalInvocationID.x;
    if (col >= out_w) return;
    for (uint row = gl_WorkGroupID.y; row < out_h; row += gl_NumWorkGroups.y) {
        const uint row_of = from_row + row * (taps + 2u);
        const uint first = uint(coeffs[row_of]), n = uint(coeffs[row_of + 1u]);
        ivec3 sum = ivec3(1 << 21);
        for (uint i = 0; i < n; i++) {
            const uint v = rows_u8[(first + i) * out_w + col];
            sum += ivec3(v & 255u, v >> 8 & 255u, v >> 16 & 255u) * coeffs[row_of + 2u + i];
        }
        const vec3 v = vec3(clamp(sum >> 22, 0, 255));
        const uvec2 to = place(out_x + col, out_y + row);
        y[to.x] = v.x * mul_r + add_r;
        y[to.x + to.y] = v.y * mul_g + add_g;
        y[to.x + 2 * to.y] = v.z * mul_b + add_b;
    }
}
