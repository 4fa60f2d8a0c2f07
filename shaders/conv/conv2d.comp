#version 460
//! 2-D convolution with groups: a lane an output number
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 64;
layout(constant_id = 1) const uint ACT = 0;    // enum act; constant, so that only its code remains
layout(constant_id = 2) const uint PLANAR = 0; // x is [cin][height][width], not [pixel][cin]
#include "conv/conv2d.glsl"

float convolved(uint channel, uint out_x, uint out_y) {
    const uint first = channel / out_group * in_group, taps = kw * kh;
    float sum = 0.0;
    for (uint i = 0; i < kh; i++) {
        const uint row = out_y * stride_y + i - pad_y; // wraps above the picture
        if (row >= height) continue;
        for (uint j = 0; j < kw; j++) {
            const uint col = out_x * stride_x + j - pad_x;
            if (col >= width) continue;
            const uint from = (row * width + col) * step_pixel() + first * step_channel();
            const uint with = channel * in_group * taps + i * kw + j;
            for (uint c = 0; c < in_group; c++)
                sum += x[from + c * step_channel()] * w[with + c * taps];
        }
    }
    return sum;
}

void main() {
    const uint channel = gl_GlobalInvocationID.x;
    if (channel >= cout) return;
    for (uint pixel = gl_WorkGroupID.y; pixel < out_w * out_h; pixel += gl_NumWorkGroups.y) {
        float v = convolved(channel, pixel % out_w, pixel / out_w);
        if (has_bias != 0u) v += bias[channel];
        y[pixel * cout + channel] = activate(ACT, v);
    }
}
