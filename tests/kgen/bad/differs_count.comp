#version 460
//! y = x
//! variant W: f32 f16
// expect: [f16]: all variants must have one interface, and this differs: 2 buffers, 0 push constants, 0 specialisation constants here, 2, 1, 0 there
layout(local_size_x = 1) in;
layout(binding = 0) readonly buffer X { float x[]; };
layout(binding = 1) writeonly buffer Y { float y[]; };
#ifdef W_f16
layout(push_constant) uniform Push { uint cols; };
#else
const uint cols = 1;
#endif
void main() { y[cols] = x[0]; }
