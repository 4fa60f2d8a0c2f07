#version 460
//! y = x
// expect: a kernel must bind at least one buffer
layout(local_size_x = 1) in;
void main() {}
