/* remake.h - copies of GGUF files with other weights, for tests. */
#ifndef VD_TESTS_REMAKE_H
#define VD_TESTS_REMAKE_H
#include "base/format.h"

/* Writes `from` to `to` with every matrix that is f32 or f16 as the other of the two, which `type`
 * names; vectors stay. `only` (may be NULL): of the matrices only those whose names hold this.
 * `doubled` (may be NULL) names a matrix whose rows are written twice as wide, each once more
 * behind itself. Fails the test when anything fails. */
void remake(const char *from, const char *to, enum vd_type type, const char *only,
            const char *doubled);
#endif
