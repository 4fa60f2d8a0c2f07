#include "models/native.h"

#include <math.h>
#include <stddef.h>

enum { ROWS_MOST = 16384, AREA_MOST = 1 << 26 };

void native_config(struct native *n, struct meta *m, uint32_t least) {
    vit_config(&n->vit, m);
    n->merge = meta_int_or(m, "vision.spatial_merge_size", 1, 16, 2);
    const uint32_t side = n->vit.patch * n->merge;
    const uint64_t most = (uint64_t)ROWS_MOST * side * side;
    n->most = meta_int_or(m, "vision.image_max_pixels", side * side,
                          4 * most < AREA_MOST ? (uint32_t)(4 * most) : AREA_MOST,
                          most < AREA_MOST ? (uint32_t)most : AREA_MOST);
    n->least = meta_int_or(m, "vision.image_min_pixels", 1, AREA_MOST,
                           most < AREA_MOST ? least * side * side : side * side);
    if (n->least > n->most)
        meta_fail(m, "vision.image_min_pixels %u is more than the most, %u", n->least, n->most);
    if (n->vit.layer.dim / n->vit.layer.heads % 4)
        meta_fail(m,
                  "vision.embedding_length %u gives %u heads that cannot be turned by row and "
                  "column",
                  n->vit.layer.dim, n->vit.layer.heads);
}

void native_shape(const struct native *n, struct shape *out) {
    const uint32_t side = n->vit.patch * n->merge;
    vit_shape(&n->vit, n->most / (side * side), out);
    out->picture.fit = FIT_NATIVE;
    out->picture.width = out->picture.height = 2 * side;
    out->picture.area = n->most;
    out->picture.least_area = n->least;
    out->picture.multiple = side;
    out->picture.before = "<|vision_start|>";
    out->picture.after = "<|vision_end|>";
}

struct native_grid native_grid(const struct native *n, const graph *g, tensor pixels) {
    return (struct native_grid){tensor_cols(g, pixels) / n->vit.patch,
                                tensor_rows(g, pixels) / 3 / n->vit.patch};
}

tensor native_patches(graph *g, const struct native *n, tensor pixels) {
    struct conv p = {.w = "patch_embd",
                     .width = tensor_cols(g, pixels),
                     .height = tensor_rows(g, pixels) / 3,
                     .in = 3,
                     .out = n->vit.layer.dim,
                     .kernel = n->vit.patch,
                     .stride = n->vit.patch,
                     .planar = true};
    graph_scope(g, "v");
    graph_spare(g, "v.position_embd."); /* some converters write one all the same */
    p.plain = !graph_has(g, "v.patch_embd.bias");
    const tensor first = g_conv(g, pixels, &p);
    p.w = "patch_embd.weight.1";
    p.plain = true;
    return g_add(g, first, g_conv(g, pixels, &p));
}

tensor native_angles(graph *g, const struct native *n, struct native_grid grid,
                     const uint32_t *order) {
    const uint32_t head_dim = n->vit.layer.dim / n->vit.layer.heads, quarter = head_dim / 4;
    const uint32_t rows = grid.wide * grid.high;
    float *table = graph_memory(g, (uint64_t)rows * head_dim, sizeof *table), *to = table;
    if (!table) return T_NONE;
    for (uint32_t r = 0; r < rows; r++) {
        const uint32_t at = order ? order[r] : r;
        for (uint32_t i = 0; i < 2 * quarter; i++) {
            const uint32_t place = i < quarter ? at / grid.wide : at % grid.wide;
            const double angle = place * pow(10000, -(double)(i % quarter) / quarter);
            *to++ = (float)cos(angle);
            *to++ = (float)sin(angle);
        }
    }
    return g_table(g, "angles", rows, head_dim, table);
}

tensor native_layers(graph *g, const struct native *n, tensor x, const struct native_layers *p) {
    struct vision_layer layer = n->vit.layer;
    layer.swapped = !layer.gated && graph_width(g, "v.blk.0.ffn_down.weight") == layer.dim &&
                    graph_width(g, "v.blk.0.ffn_up.weight") != layer.dim;
    layer.fused = graph_has(g, "v.blk.0.attn_qkv.weight");
    layer.angles = p->angles;
    for (uint32_t i = p->first; i < p->behind; i++) {
        layer.spans = p->period && (i + 1) % p->period ? p->spans : T_NONE;
        graph_scope(g, "v.blk.%u", i);
        x = block_vision(g, x, &layer);
    }
    return x;
}

tensor native_norm(graph *g, const struct native *n, tensor x) {
    const struct vision_layer *layer = &n->vit.layer;
    graph_scope(g, "v");
    return layer->rms ? g_rmsnorm(g, x, "post_ln", layer->eps)
                      : g_layernorm(g, x, "post_ln", layer->eps);
}

tensor native_project(graph *g, tensor merged) {
    graph_scope(g, "mm");
    const tensor x =
        linear(g, merged, .w = "0", .out = tensor_cols(g, merged), .bias = true, .act = ACT_GELU);
    return linear(g, x, .w = "2", .bias = true);
}
