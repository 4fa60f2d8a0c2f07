#version 460
//! y = the first texel of x
//! needs: texels
layout(local_size_x = 1) in;
layout(binding = 0, rgba32ui) readonly uniform uimageBuffer x;
layout(binding = 1) writeonly buffer Y { uvec4 y[]; };
void main() { y[0] = imageLoad(x, 0); }
