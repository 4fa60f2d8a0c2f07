// vec.glsl - what a kernel moves at once, by its axis V: `one` number or `four`.
// With `four` every width, stride and offset is a multiple of 4; the op picks the variant.
#ifdef V_four
#define V_T vec4
#define V_U uvec4
#define V_N 4u
#else
#define V_T float
#define V_U uint
#define V_N 1u
#endif
