#version 460
//! y = x
// expect: the push constants have the instance name 'push'; write them without
layout(local_size_x = 1) in;
layout(binding = 0) readonly buffer X { float x[]; };
layout(binding = 1) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Push { uint cols; } push;
void main() { y[push.cols] = x[0]; }
