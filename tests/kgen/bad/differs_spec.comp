#version 460
//! y = x
//! variant W: f32 f16
// expect: [f16]: all variants must have one interface, and this differs: specialisation constant 'WG'
layout(local_size_x = 1) in;
layout(binding = 0) readonly buffer X { float x[]; };
layout(binding = 1) writeonly buffer Y { float y[]; };
#ifdef W_f16
layout(constant_id = 0) const uint WG = 64;
#else
layout(constant_id = 0) const uint WG = 32;
#endif
void main() { y[WG] = x[0]; }
