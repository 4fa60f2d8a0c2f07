#version 460
//! 2-D convolution on CPU drivers: a lane TILE channels of PIXELS pixels, inputs broadcast
//! needs: cpu
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_ballot : require
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint WG = 8;     // the lanes of a subgroup
layout(constant_id = 1) const uint ACT = 0;    // enum act; constant, so that only its code remains
layout(constant_id = 2) const uint PLANAR = 0; // x is [cin][height][width], not [pixel][cin]
layout(constant_id = 3) const uint TILE = 1;   // out_group is a multiple of WG * TILE
layout(constant_id = 4) const uint SPREAD = 2; // each lane reads the input of so many pixels
#include "conv/conv2d.glsl"

// A load costs a lane as much as dozens of products here, uniform or not. So every number of x is
// read by one lane and broadcast, and every weight serves all pixels of the subgroup.
const uint PIXELS = WG * SPREAD;
float sums[PIXELS * TILE];
uint from[SPREAD];   // place of the first channel under the tap, for this lane's pixels
bool inside[SPREAD];

void find_inputs(uint first_pixel, uint i, uint j, uint first) {
    [[unroll]] for (uint s = 0; s < SPREAD; s++) {
        const uint pixel = min(first_pixel + s * WG + gl_SubgroupInvocationID, out_w * out_h - 1u);
        const uint row = pixel / out_w * stride_y + i - pad_y; // wraps above the picture
        const uint col = pixel % out_w * stride_x + j - pad_x;
        inside[s] = row < height && col < width;
        from[s] = first * step_channel() + (inside[s] ? (row * width + col) * step_pixel() : 0u);
    }
}

void add_input(uint c, uint with) {
    float mine[SPREAD], weights[TILE];
    [[unroll]] for (uint s = 0; s < SPREAD; s++) {
        const float v = x[from[s] + c * step_channel()];
        mine[s] = inside[s] ? v : 0.0;
    }
    [[unroll]] for (uint t = 0; t < TILE; t++)
        weights[t] = w[with + t * WG * in_group * kw * kh];
    [[unroll]] for (uint p = 0; p < PIXELS; p++) {
        const float v = subgroupBroadcast(mine[p / WG], p % WG);
        [[unroll]] for (uint t = 0; t < TILE; t++) sums[p * TILE + t] += v * weights[t];
    }
}

void write_out(uint pixel, uint channel) {
    [[unroll]] for (uint p = 0; p < PIXELS; p++) {
        if (pixel + p >= out_w * out_h) return;
        [[unroll]] for (uint t = 0; t < TILE; t++) {
            float v = sums[p * TILE + t];
            if (has_bias != 0u) v += bias[channel + t * WG];
            y[(pixel + p) * cout + channel + t * WG] = activate(ACT, v);
        }
    }
}

void main() {
    const uint pixel = gl_WorkGroupID.x * PIXELS;
    const uint channel = gl_WorkGroupID.y * WG * TILE + gl_SubgroupInvocationID;
    const uint first = gl_WorkGroupID.y * WG * TILE / out_group * in_group, taps = kw * kh;
    [[unroll]] for (uint i = 0; i < PIXELS * TILE; i++) sums[i] = 0.0;
    for (uint tap = 0; tap < taps; tap++) {
        find_inputs(pixel, tap / kw, tap % kw, first);
        for (uint c = 0; c < in_group; c++) add_input(c, (channel * in_group + c) * taps + tap);
    }
    write_out(pixel, channel);
}
