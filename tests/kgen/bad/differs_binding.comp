#version 460
//! y = x
//! variant W: f32 f16
// expect: [f16]: all variants must have one interface, and this differs: buffer 0, 'x'
layout(local_size_x = 1) in;
#ifdef W_f16
layout(binding = 0) readonly buffer X { float half_x[]; };
#define x half_x
#else
layout(binding = 0) readonly buffer X { float x[]; };
#endif
layout(binding = 1) writeonly buffer Y { float y[]; };
void main() { y[0] = x[0]; }
