/* families.h - the list of model families. A new one is a file and a line here. */
#ifndef VD_FAMILIES_H
#define VD_FAMILIES_H
#include "models/family.h"

#define FAMILIES(X) \
    X(blip)         \
    X(gemma)        \
    X(gemma2)       \
    X(gemma3)       \
    X(git)          \
    X(idefics)      \
    X(kosmos2)      \
    X(llama)        \
    X(mistral3)     \
    X(mllama)       \
    X(mpt)          \
    X(opt)          \
    X(owl2)         \
    X(phi2)         \
    X(phi3)         \
    X(picturebook)  \
    X(qwen2)        \
    X(qwen2vl)      \
    X(qwen3)        \
    X(qwen3vl)

/* Vision parts: files of their own (mmproj), which go with any decoder of their width. */
#define VISIONS(X)  \
    X(blip)         \
    X(blip2)        \
    X(flamingo)     \
    X(gemma3)       \
    X(git)          \
    X(idefics)      \
    X(idefics2)     \
    X(idefics3)     \
    X(instructblip) \
    X(internvl)     \
    X(kosmos2)      \
    X(llava)        \
    X(minicpmv)     \
    X(mllama)       \
    X(moondream)    \
    X(owl2)         \
    X(paligemma)    \
    X(qwen25vl)     \
    X(qwen2vl)      \
    X(qwen3vl)      \
    X(qwenvl)

#define FAMILY_DECLARE(name) extern const struct family family_##name;
FAMILIES(FAMILY_DECLARE)
#undef FAMILY_DECLARE
#define VISION_DECLARE(name) extern const struct vision vision_##name;
VISIONS(VISION_DECLARE)
#undef VISION_DECLARE
#endif
