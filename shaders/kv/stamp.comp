#version 460
//! after[0] = before[0] + 1
//! Both bindings are one counter. The last dispatch of every submission, so that the host sees
//! whether all of it ran.
layout(local_size_x = 1, local_size_y = 1, local_size_z = 1) in;
layout(std430, set = 0, binding = 0) readonly buffer Before { uint before[]; };
layout(std430, set = 0, binding = 1) writeonly buffer After { uint after[]; };

void main() { after[0] = before[0] + 1u; }
