#version 460
//! y = x
// expect: texel buffer 'y' must be readonly
layout(local_size_x = 1) in;
layout(binding = 0) readonly buffer X { uint x[]; };
layout(binding = 1, rgba32ui) writeonly uniform uimageBuffer y;
void main() { imageStore(y, 0, uvec4(x[0])); }
