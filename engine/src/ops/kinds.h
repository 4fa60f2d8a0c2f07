/* kinds.h - the words shared by ops and graphs; shaders know them by number (common/act.glsl). */
#ifndef VD_KINDS_H
#define VD_KINDS_H

enum act { ACT_NONE, ACT_GELU, ACT_GELU_TANH, ACT_QUICK_GELU, ACT_SILU, ACT_RELU, ACT_COUNT };
enum attend_mode { ATTEND_ALL, ATTEND_CAUSAL, ATTEND_PREFIX, ATTEND_WINDOW, ATTEND_MASK };
#endif
