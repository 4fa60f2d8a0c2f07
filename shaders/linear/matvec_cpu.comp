#version 460
//! y = act(norm(x) . w^T + bias) + add for few rows on CPU drivers: COLS outputs a lane
//! variant W: f32 f16 bf16 q8_0 q4_0 q4_1 q5_0 q5_1 q6 iq4 q2
//! needs: cpu
#define COLS_DEFAULT 2
#include "linear/matvec_cpu.glsl"
