#include "models/vit.h"

#include <stdio.h>
#include <string.h>

enum { SIDE_MOST = 362 }; /* 2^17 rows */

void vit_config(struct vit *v, struct meta *m) {
    v->size = meta_int(m, "vision.image_size", 8, 4096);
    v->patch = meta_int(m, "vision.patch_size", 1, 512);
    v->layers = meta_int(m, "vision.block_count", 1, FAMILY_LAYERS);
    v->layer =
        (struct vision_layer){.heads = meta_int(m, "vision.attention.head_count", 1, FAMILY_HEADS),
                              .dim = meta_int(m, "vision.embedding_length", 1, 16384),
                              .ffn = meta_int(m, "vision.feed_forward_length", 0, 65536),
                              .eps = meta_float(m, "vision.attention.layer_norm_epsilon", 0, 1),
                              .act = ACT_GELU_TANH};
    v->crop_from = meta_int_or(m, "vision.crop_from", 0, 16384, 0);
    meta_floats(m, "vision.image_mean", 3, -1e4f, 1e4f, v->mean);
    meta_floats(m, "vision.image_std", 3, 1e-6f, 1e4f, v->std);
    if (v->crop_from && v->crop_from < v->size)
        meta_fail(m, "vision.crop_from %u is less than vision.image_size %u", v->crop_from,
                  v->size);
    if (v->patch > v->size)
        meta_fail(m, "vision.image_size %u is less than vision.patch_size %u", v->size, v->patch);
    if (v->layer.dim % v->layer.heads)
        meta_fail(m, "vision.embedding_length %u is no multiple of its %u heads", v->layer.dim,
                  v->layer.heads);
    if (v->layer.dim % 4)
        meta_fail(m, "vision.embedding_length %u is no multiple of 4", v->layer.dim);
    v->side = v->size / v->patch;
    if (v->side > SIDE_MOST)
        meta_fail(m, "vision.patch_size %u cuts a side of %u in %u patches, more than %d", v->patch,
                  v->size, v->side, SIDE_MOST);
}

enum act vit_projector_act(struct meta *m) {
    static const char *const names[] = {"gelu", "gelu_pytorch_tanh", "quick_gelu", "silu", "relu"};
    static const enum act acts[] = {ACT_GELU, ACT_GELU_TANH, ACT_QUICK_GELU, ACT_SILU, ACT_RELU};
    return acts[meta_word(m, "vision.projector.act", names, 5)];
}

void vit_all_layers(struct vit *v, struct meta *m) {
    char name[64];
    for (; v->layers < FAMILY_LAYERS; v->layers++) {
        snprintf(name, sizeof name, "v.blk.%u.attn_out.weight", v->layers);
        if (!meta_has_tensor(m, name)) return;
    }
}

void vit_shape(const struct vit *v, uint32_t rows, struct shape *out) {
    out->picture.width = out->picture.height = v->size;
    out->picture.rows = rows;
    out->picture.shortest = v->crop_from;
    memcpy(out->picture.mean, v->mean, sizeof v->mean);
    memcpy(out->picture.std, v->std, sizeof v->std);
}

static tensor patches(graph *g, const struct vit *v, tensor pixels) {
    const uint32_t dim = v->layer.dim;
    graph_scope(g, "v");
    tensor x = conv(g, pixels, .w = "patch_embd", .width = v->size, .height = v->size, .in = 3,
                    .out = dim, .kernel = v->patch, .stride = v->patch, .planar = true,
                    .plain = !graph_has(g, "v.patch_embd.bias"));
    if (graph_has(g, "v.class_embd")) x = g_concat(g, g_weight(g, "class_embd", 1, dim), x);
    x = g_add(g, x, g_weight(g, "position_embd", tensor_rows(g, x), dim));
    return graph_has(g, "v.pre_ln.weight") ? g_layernorm(g, x, "pre_ln", v->layer.eps) : x;
}

void vit_spare(graph *g, uint32_t layer) {
    char prefix[64];
    snprintf(prefix, sizeof prefix, "v.blk.%u.", layer);
    graph_spare(g, prefix);
}

uint32_t vit_count(graph *g, const struct vit *v) {
    char last[64], before[64];
    if (v->layers < 2) return v->layers;
    snprintf(last, sizeof last, "v.blk.%u.attn_out.weight", v->layers - 1);
    snprintf(before, sizeof before, "v.blk.%u.attn_out.weight", v->layers - 2);
    if (!graph_same(g, last, before)) return v->layers;
    vit_spare(g, v->layers - 1);
    return v->layers - 1;
}

tensor vit_layers(graph *g, const struct vit *v, tensor x, uint32_t layers) {
    /* Older files name the two matrices of a layer the other way round. */
    struct vision_layer layer = v->layer;
    layer.swapped = graph_width(g, "v.blk.0.ffn_down.weight") == layer.dim &&
                    graph_width(g, "v.blk.0.ffn_up.weight") != layer.dim;
    for (uint32_t i = 0; i < layers; i++) {
        graph_scope(g, "v.blk.%u", i);
        x = block_vision(g, x, &layer);
    }
    graph_scope(g, "v");
    return graph_has(g, "v.post_ln.weight") ? g_layernorm(g, x, "post_ln", v->layer.eps) : x;
}

tensor vit_rows(graph *g, const struct vit *v, tensor pixels, uint32_t layers) {
    return vit_layers(g, v, patches(g, v, pixels), layers);
}
