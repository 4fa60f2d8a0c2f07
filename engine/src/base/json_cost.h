/* json_cost.h - how much memory a JSON library takes for a text, told before it takes any.
 *
 * A text of `{},{},...` costs 90 times its size, so a limit on the size of a file is none on
 * memory. The library's allocator is one for the whole process, which may be somebody else's
 * program, so nothing is hung into it: what a text holds is counted instead. */
#ifndef VD_JSON_COST_H
#define VD_JSON_COST_H
#include <stdint.h>

/* At least what jansson takes for the text at any moment, whether it is sound or not; the text
 * itself is not counted. */
uint64_t json_cost(const void *text, uint64_t bytes);
#endif
