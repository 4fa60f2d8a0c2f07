#version 460
//! Mean over kernel x kernel windows of rows on a grid
//! variant V: one four
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 64;
#include "common/vec.glsl"

layout(binding = 0) readonly buffer B0 { V_T x[]; };
layout(binding = 1) writeonly buffer B1 { V_T y[]; };
layout(push_constant) uniform Push {
    uint width;
    uint height;
    uint cols;
    uint kernel;
};

void main() {
    const uint n = cols / V_N, col = gl_GlobalInvocationID.x;
    if (col >= n) return;
    const uint across = width / kernel, rows = across * (height / kernel);
    const float share = 1.0 / float(kernel * kernel);
    for (uint row = gl_WorkGroupID.y; row < rows; row += gl_NumWorkGroups.y) {
        const uint top = row / across * kernel, left = row % across * kernel;
        V_T sum = V_T(0.0);
        for (uint i = 0; i < kernel; i++)
            for (uint j = 0; j < kernel; j++) sum += x[((top + i) * width + left + j) * n + col];
        y[row * n + col] = sum * share;
    }
}
