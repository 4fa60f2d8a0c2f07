#version 460
//! Space to depth on rows of a grid: factor x factor rows become one
//! variant V: one four
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 64;
#include "common/vec.glsl"

layout(binding = 0) readonly buffer B0 { V_U x[]; };
layout(binding = 1) writeonly buffer B1 { V_U y[]; };
layout(push_constant) uniform Push {
    uint width;
    uint height;
    uint cols;
    uint factor;
};

void main() {
    const uint n = cols / V_N, to = gl_GlobalInvocationID.x; // place in a row of y
    if (to >= n * factor * factor) return;
    const uint across = width / factor, rows = across * (height / factor);
    const uint part = to / n, col = to - part * n, dy = part / factor, dx = part - dy * factor;
    for (uint row = gl_WorkGroupID.y; row < rows; row += gl_NumWorkGroups.y) {
        const uint top = row / across * factor + dy, left = row % across * factor + dx;
        y[row * (n * factor * factor) + to] = x[(top * width + left) * n + col];
    }
}
