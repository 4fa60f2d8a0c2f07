/* picture_without.h - what a build says that was made without a decoder's library.
 *
 *     #ifndef VIDI_HAS_GIF
 *     PICTURE_WITHOUT(gif, "a GIF picture", "libgif-dev")
 *     #else */
#ifndef VD_PICTURE_WITHOUT_H
#define VD_PICTURE_WITHOUT_H
#include "io/picture_probe.h"

#define PICTURE_WITHOUT(stem, what, package)                                                      \
    vidi_status stem##_probe(const struct probe *p) {                                             \
        return probe_refuse(p, "is %s, and this build was made without what reads it (%s)", what, \
                            package);                                                             \
    }                                                                                             \
    vidi_status stem##_decode(const struct probe *p, const struct sheet *to) {                    \
        (void)to;                                                                                 \
        return stem##_probe(p);                                                                   \
    }
#endif
