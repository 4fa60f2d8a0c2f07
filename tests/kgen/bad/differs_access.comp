#version 460
//! y = x
//! variant W: f32 f16
//! inout: w
// expect: [f16]: all variants must have one interface, and this differs: buffer 2, 'z'
layout(local_size_x = 1) in;
layout(binding = 0) readonly buffer X { float x[]; };
layout(binding = 1) writeonly buffer Y { float y[]; };
#ifdef W_f16
layout(binding = 2) readonly buffer Z { float z[]; };
#else
layout(binding = 2) writeonly buffer Z { float z[]; };
#endif
void main() { y[0] = x[0]; }
