// conv2d.glsl - what the convolution kernels share: bindings, sizes, and where an input lies.
#include "common/act.glsl"

layout(binding = 0) readonly buffer B0 { float x[]; };
layout(binding = 1) readonly buffer B1 { float w[]; }; // [cout][cin / groups][kh][kw]
layout(binding = 2) readonly buffer B2 { float bias[]; };
layout(binding = 3) writeonly buffer B3 { float y[]; }; // [out_h * out_w][cout]
layout(push_constant) uniform Push {
    uint width;
    uint height;
    uint cin;
    uint cout;
    uint kw;
    uint kh;
    uint stride_x;
    uint stride_y;
    uint pad_x;
    uint pad_y;
    uint in_group;  // channels of a group, cin / groups
    uint out_group; // cout / groups
    uint out_w;
    uint out_h;
    uint has_bias;
};

// Distance of neighbouring channels and of neighbouring pixels in x.
uint step_channel() { return PLANAR != 0u ? width * height : 1u; }
uint step_pixel() { return PLANAR != 0u ? 1u : cin; }
