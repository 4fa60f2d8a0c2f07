#extension GL_EXT_shader_16bit_storage : require
#ifdef W_f16
#define W_T float16_t
#else
#define W_T float
#endif
