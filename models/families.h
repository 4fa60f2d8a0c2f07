/* families.h - the list of model families. A new one is a file and a line here. */
#ifndef VD_FAMILIES_H
#define VD_FAMILIES_H
#include "models/family.h"

#define FAMILIES(X) \
    X(llama)        \
    X(picturebook)

#define FAMILY_DECLARE(name) extern const struct family family_##name;
FAMILIES(FAMILY_DECLARE)
#undef FAMILY_DECLARE
#endif
