#version 460
//! y = x
// expect: is no storage buffer; nothing else can be bound
layout(local_size_x = 1) in;
layout(binding = 0, r32ui) readonly uniform uimageBuffer x;
layout(binding = 1) writeonly buffer Y { uint y[]; };
void main() { y[0] = imageLoad(x, 0).x; }
