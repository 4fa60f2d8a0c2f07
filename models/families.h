/* families.h - the list of model families. A new one is a file and a line here. */
#ifndef VD_FAMILIES_H
#define VD_FAMILIES_H
#include "models/family.h"

#define FAMILIES(X) \
    X(llama)        \
    X(picturebook)  \
    X(qwen2)        \
    X(qwen3)

/* Vision parts: files of their own (mmproj), which go with any decoder of their width. */
#define VISIONS(X) \
    X(idefics3)    \
    X(llava)

#define FAMILY_DECLARE(name) extern const struct family family_##name;
FAMILIES(FAMILY_DECLARE)
#undef FAMILY_DECLARE
#define VISION_DECLARE(name) extern const struct vision vision_##name;
VISIONS(VISION_DECLARE)
#undef VISION_DECLARE
#endif
