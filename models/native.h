/* native.h - vision towers that take pictures of any size and shape (Qwen2-VL and its kin).
 *
 *   RGB [3][high * patch][wide * patch] -> patches -> rows [high * wide][dim], turned in attention
 *     by their row and column -> layers -> merge x merge neighbours become one row of the decoder
 *
 * Files hold the patches' matrix twice, for two frames of a video; a picture is two equal frames.
 */
#ifndef VD_NATIVE_H
#define VD_NATIVE_H
#include "models/vit.h"

struct native {
    struct vit vit;
    uint32_t merge;
    uint32_t least, most; /* pixels of a picture */
};
struct native_grid {
    uint32_t wide, high; /* patches */
};

/* least: rows of the decoder, where the file does not say. */
void native_config(struct native *n, struct meta *m, uint32_t least);
void native_shape(const struct native *n, struct shape *out);
struct native_grid native_grid(const struct native *n, const graph *g, tensor pixels);

/* Rows in reading order. */
tensor native_patches(graph *g, const struct native *n, tensor pixels);
/* [rows][head_dim]: row i stands at place order[i] of the grid; NULL: in reading order. */
tensor native_angles(graph *g, const struct native *n, struct native_grid grid,
                     const uint32_t *order);
/* Layers first .. behind, of which every `period`-th (0: all) sees every row, the others `spans`.
 */
struct native_layers {
    uint32_t first, behind, period;
    tensor angles, spans;
};
tensor native_layers(graph *g, const struct native *n, tensor x, const struct native_layers *p);
tensor native_norm(graph *g, const struct native *n, tensor x); /* the last one, post_ln */

/* The rows of the two matrices 0 and 2 of the scope, from merged rows. */
tensor native_project(graph *g, tensor merged);
#endif
