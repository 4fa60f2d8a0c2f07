/* vit.h - the vision towers of mmproj files: SigLIP and CLIP, which differ by what the file holds.
 *
 *   RGB [3][size][size] -> patches -> rows (-> class row first) + learned positions (-> pre_ln)
 *     -> vision layers (blocks.h) (-> post_ln)
 * Pixels behind the last whole patch of a side are not seen. */
#ifndef VD_VIT_H
#define VD_VIT_H
#include "models/blocks.h"

struct vit {
    uint32_t size, patch, side, layers; /* side: patches of a row */
    struct vision_layer layer;
    float mean[3], std[3];
    uint32_t crop_from; /* FIT_CROP: the shorter side before the crop; 0: `size` */
};

/* With the activation of SigLIP. A feed_forward_length of 0 means: as wide as its matrices. */
void vit_config(struct vit *v, struct meta *m);
/* Between the two matrices of a connector: vision.projector.act; GELU where it is missing. */
enum act vit_projector_act(struct meta *m);
/* Layers of the file that its block_count leaves out count as well. */
void vit_all_layers(struct vit *v, struct meta *m);
void vit_shape(const struct vit *v, uint32_t rows, struct shape *out);
/* The layers that count: programs that never run the last one get files that end with the layer
 * before it once more. */
uint32_t vit_count(graph *g, const struct vit *v);
void vit_spare(graph *g, uint32_t layer); /* a layer that may be there and is not run */
/* Patch rows through `layers` of the layers and the last norm, where there is one. */
tensor vit_layers(graph *g, const struct vit *v, tensor x, uint32_t layers);
/* Rows after `layers` of the layers, [side * side][dim], one more where there is a class row. */
tensor vit_rows(graph *g, const struct vit *v, tensor pixels, uint32_t layers);
#endif
