/* hf_process.c - what is done to pictures before the eyes see them: preprocessor_config.json, or a
 * part of processor_config.json, as newer folders are saved. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/hf_inside.h"

vidi_status hf_process_read(struct hf *h) {
    h->process_at = "preprocessor_config.json";
    TRY(hf_json(h, "processor_config.json", false, &h->processor));
    h->process = json_incref(hf_get(h, h->processor, "image_processor"));
    if (!h->process) return hf_json(h, h->process_at, true, &h->process);
    h->process_at = "processor_config.json: image_processor";
    if (json_is_object(h->process)) return VIDI_OK;
    return vd_fail(h->ctx, VIDI_E_FORMAT, "%.600s/%s is no object", h->folder, h->process_at);
}

vidi_status hf_process_bad(struct hf *h, const char *key, const char *words) {
    return vd_fail(h->ctx, VIDI_E_UNSUPPORTED, "%.600s/%s: %s %s", h->folder, h->process_at, key,
                   words);
}

/* Three numbers; `same` where they do not count. */
static void take_colours(struct hf *h, const char *key, double same, bool counts, double out[3],
                         vidi_status *status) {
    const json_t *list = hf_get(h, h->process, key);
    bool good = !counts || json_array_size(list) == 3;
    for (size_t i = 0; i < 3; i++) {
        const json_t *one = json_array_get(list, i);
        good = good && (!counts || json_is_number(one));
        out[i] = counts ? json_number_value(one) : same;
    }
    if (!good && *status == VIDI_OK) *status = hf_process_bad(h, key, "is not three numbers");
}

/* A flag of what is done to pictures, which is so unless it says otherwise. */
static bool is_done(struct hf *h, const char *key, vidi_status *status) {
    const json_t *says = hf_get(h, h->process, key);
    if (!says || json_is_null(says) || json_is_true(says)) return true;
    if (!json_is_false(says) && *status == VIDI_OK)
        *status = hf_process_bad(h, key, "is neither true nor false");
    return false;
}

/* Pixels are divided by 255, less the mean, divided by the deviation; whatever else is said becomes
 * another mean and another deviation. */
static void put_colours(struct hf *h, vidi_status *status) {
    const bool own = json_object_get(h->process, "norm_mean"); /* as MiniCPM-V calls them */
    const struct hf_field factor = {h->process, "preprocessor_config.json: ", "rescale_factor",
                                    false};
    const bool rescales = is_done(h, "do_rescale", status);
    const bool counts = is_done(h, "do_normalize", status);
    double mean[3], std[3];
    take_colours(h, own ? "norm_mean" : "image_mean", 0, counts, mean, status);
    take_colours(h, own ? "norm_std" : "image_std", 1, counts, std, status);
    double by = hf_number(h, &factor, 1e-6, 255, status);
    if (by == 0 || fabs(by * 255 - 1) < 1e-6) by = 1.0 / 255;
    const double scale = (rescales ? by : 1) * 255;
    float means[3], stds[3];
    for (int i = 0; i < 3; i++) {
        means[i] = (float)(mean[i] / scale);
        stds[i] = (float)(std[i] / scale);
    }
    if (*status != VIDI_OK) return;
    put_floats(&h->put, ".vision.image_mean", means, 3);
    put_floats(&h->put, ".vision.image_std", stds, 3);
}

/* --- sizes ------------------------------------------------------------------------------------
 */

/* Families that bring every picture to the square of their tower. */
enum how {
    STRETCHED, /* whatever its shape; a crop would change nothing */
    CROPPED,   /* the shorter side resized, the middle kept */
    TILED      /* in tiles of that size, by rules of their own */
};
static const struct square {
    const char *of; /* a model_type or a projector */
    enum how how;
} squares[] = {{"llava_next", TILED},    {"llava", CROPPED},    {"flamingo", CROPPED},
               {"git", CROPPED},         {"kosmos2", CROPPED},  {"blip", STRETCHED},
               {"blip2", STRETCHED},     {"owl2", STRETCHED},   {"instructblip", STRETCHED},
               {"paligemma", STRETCHED}, {"gemma3", STRETCHED}, {"idefics", STRETCHED},
               {"internvl", STRETCHED}};

/* The tower's own side; 0: it is no square. */
static json_int_t side_of_tower(const struct hf *h) {
    const json_t *side = json_object_get(h->sight, "image_size");
    return json_integer_value(json_is_array(side) ? json_array_get(side, 0) : side);
}

/* Whether all that `key` says of sides is this one: n, {"height": n, "width": n} or
 * {"shortest_edge": n}. */
static void want_side(struct hf *h, const char *key, json_int_t side, vidi_status *status) {
    static const char *const parts[] = {"height", "width", "shortest_edge", "longest_edge"};
    json_t *size = hf_get(h, h->process, key);
    char name[64];
    for (int i = 0; i < 4 && *status == VIDI_OK && size; i++) {
        const bool plain = !json_is_object(size);
        const json_t *one = plain ? size : hf_get(h, size, parts[i]);
        if (!one || json_is_null(one) || (json_is_integer(one) && json_integer_value(one) == side))
            continue;
        snprintf(name, sizeof name, "%s%s%s", key, plain ? "" : ".", plain ? "" : parts[i]);
        *status =
            vd_fail(h->ctx, VIDI_E_UNSUPPORTED,
                    "%.600s/%s: %s is %lld, but vision_config.image_size is %lld%s", h->folder,
                    h->process_at, name, (long long)json_integer_value(one), (long long)side,
                    strcmp(key, "crop_size") == 0 ? ", and do_center_crop is not false" : "");
    }
}

/* The side before the crop, where it is another. */
static void put_crop(struct hf *h, json_int_t side, vidi_status *status) {
    json_t *size = hf_get(h, h->process, "size");
    const bool plain = !json_is_object(size);
    const struct hf_field f = {plain ? h->process : size, "preprocessor_config.json: size.",
                               plain ? "size" : "shortest_edge", true};
    want_side(h, "crop_size", side, status);
    if (!is_done(h, "do_center_crop", status) && *status == VIDI_OK)
        *status = hf_process_bad(h, "do_center_crop", "is false, which is not supported");
    if (!size) return;
    const uint32_t edge = hf_whole(h, &f, (uint32_t)side, 16384, status);
    if (edge != (uint32_t)side) put_u32(&h->put, ".vision.crop_from", edge);
}

/* Such a family may crop, if that leaves the picture as it is. */
static void want_no_crop(struct hf *h, json_int_t side, vidi_status *status) {
    const json_t *crop = hf_get(h, h->process, "do_center_crop");
    want_side(h, "size", side, status);
    want_side(h, "image_size", side, status); /* as IDEFICS calls it */
    const bool cropped = json_is_true(crop);
    if (hf_get(h, h->process, "crop_size")) {
        if (!json_is_false(crop)) want_side(h, "crop_size", side, status);
        if (json_is_false(crop)) hf_get_all(h, h->process, "crop_size");
    } else if (cropped && *status == VIDI_OK) {
        *status = hf_process_bad(h, "do_center_crop", "is true, which is not supported");
    }
}

static bool sees_stretched(struct hf *h) {
    const char *tower = json_string_value(hf_get(h, h->sight, "model_type"));
    const json_t *size = hf_get(h, h->process, "size");
    if (strcmp(h->eyes->projector, "mlp") == 0)
        return tower && strcmp(tower, "clip_vision_model") != 0;
    return strcmp(h->eyes->projector, "kosmos2") == 0 &&
           (json_is_true(hf_get(h, h->process, "use_square_size")) ||
            json_is_integer(hf_get(h, size, "height")));
}

static void put_sides(struct hf *h, vidi_status *status) {
    const json_int_t side = side_of_tower(h);
    for (size_t i = 0; i < sizeof squares / sizeof *squares && *status == VIDI_OK; i++) {
        const struct square *s = &squares[i];
        if (strcmp(s->of, h->eyes->model_type) != 0 && strcmp(s->of, h->eyes->projector) != 0)
            continue;
        if (s->how == CROPPED && side > 0 && side <= 4096 && !sees_stretched(h))
            put_crop(h, side, status);
        else if (side > 0)
            want_no_crop(h, side, status);
        return;
    }
}

void hf_process_put(struct hf *h, vidi_status *status) {
    put_colours(h, status);
    put_sides(h, status);
}

void hf_process_filter(struct hf *h, int filter, vidi_status *status) {
    static const char *const names[] = {"nearest", "Lanczos", "bilinear", "bicubic"};
    const json_t *says = hf_get(h, h->process, "resample");
    char words[64];
    if (*status != VIDI_OK || !says || json_is_null(says)) return;
    if (json_is_integer(says) && json_integer_value(says) == filter) return;
    snprintf(words, sizeof words, "is not %d (%s), which alone is supported here", filter,
             names[filter]);
    *status = hf_process_bad(h, "resample", words);
}
