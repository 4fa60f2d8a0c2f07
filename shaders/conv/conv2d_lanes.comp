#version 460
//! 2-D convolution, a lane a pixel and TILE channels of one group; weights are uniform
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 64;
layout(constant_id = 1) const uint ACT = 0;    // enum act; constant, so that only its code remains
layout(constant_id = 2) const uint PLANAR = 0; // x is [cin][height][width], not [pixel][cin]
layout(constant_id = 3) const uint TILE = 8;   // out_group is a multiple of it
#include "conv/conv2d.glsl"

float sums[TILE];

// Every channel of the input at one place of the kernel. Outside the picture the lane reads its
// first pixel and counts nothing, so that lanes stay together.
void add_tap(uint channel, uint from, uint tap, bool inside) {
    const uint taps = kw * kh, apart = in_group * taps;
    for (uint c = 0; c < in_group; c++) {
        const float there = x[from + c * step_channel()], v = inside ? there : 0.0;
        const uint with = channel * apart + c * taps + tap;
        for (uint t = 0; t < TILE; t++) sums[t] += v * w[with + t * apart];
    }
}

void main() {
    const uint pixel = gl_GlobalInvocationID.x, channel = gl_WorkGroupID.y * TILE;
    const uint safe = min(pixel, out_w * out_h - 1u);
    const uint out_x = safe % out_w, out_y = safe / out_w;
    const uint first = channel / out_group * in_group * step_channel();
    for (uint t = 0; t < TILE; t++) sums[t] = 0.0;
    for (uint i = 0; i < kh; i++) {
        const uint row = out_y * stride_y + i - pad_y; // wraps above the picture
        for (uint j = 0; j < kw; j++) {
            const uint col = out_x * stride_x + j - pad_x;
            const bool inside = row < height && col < width;
            const uint from = inside ? (row * width + col) * step_pixel() : 0u;
            add_tap(channel, first + from, i * kw + j, inside);
        }
    }
    if (pixel >= out_w * out_h) return;
    for (uint t = 0; t < TILE; t++) {
        float v = sums[t];
        if (has_bias != 0u) v += bias[channel + t];
        y[pixel * cout + channel + t] = activate(ACT, v);
    }
}
