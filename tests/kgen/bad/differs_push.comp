#version 460
//! y = x
//! variant W: f32 f16
// expect: [f16]: all variants must have one interface, and this differs: push constant 'n'
layout(local_size_x = 1) in;
layout(binding = 0) readonly buffer X { float x[]; };
layout(binding = 1) writeonly buffer Y { float y[]; };
#ifdef W_f16
layout(push_constant) uniform Push { int n; };
#else
layout(push_constant) uniform Push { uint n; };
#endif
void main() { y[n] = x[0]; }
