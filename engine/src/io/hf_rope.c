/* hf_rope.c - how positions turn: rope_theta and rope_scaling of older files, rope_parameters of
 * newer ones. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/hf_inside.h"

struct rope {
    json_t *object; /* rope_parameters or rope_scaling; NULL: neither */
    const char *type;
    uint32_t head_dim, pairs, context;
    double base;
};

static double number(struct hf *h, const struct rope *r, const char *key, bool needed, double hi,
                     vidi_status *status) {
    const struct hf_field f = {r->object, "rope_scaling.", key, needed};
    return hf_number(h, &f, 0, hi, status);
}

static uint32_t original_context(struct hf *h, const struct rope *r, vidi_status *status) {
    static const char key[] = "original_max_position_embeddings";
    const struct hf_field inner = {r->object, "rope_scaling.", key, false};
    const struct hf_field outer = {h->numbers, h->numbers_at, key, false};
    const uint32_t own = hf_whole(h, &inner, 1, 1u << 30, status);
    const uint32_t whole = hf_whole(h, &outer, 1, 1u << 30, status);
    return whole ? whole : own ? own : r->context; /* as the reference has it */
}

static void linear(struct hf *h, const struct rope *r, vidi_status *status) {
    put_text(&h->put, ".rope.scaling.type", "linear", 6);
    put_f32(&h->put, ".rope.scaling.factor", number(h, r, "factor", true, 1e6, status));
}

/* cos and sin are longer by what two more numbers say, unless the amount itself is given. */
static void yarn_amount(struct hf *h, const struct rope *r, vidi_status *status) {
    const double own = number(h, r, "mscale", false, 1e3, status);
    const double all = number(h, r, "mscale_all_dim", false, 1e3, status);
    const double given = number(h, r, "attention_factor", false, 1e6, status);
    const double factor = number(h, r, "factor", true, 1e6, status);
    if (*status != VIDI_OK || given != 0 || own == 0 || all == 0) return;
    const double grown = factor > 1 ? 0.1 * log(factor) : 0;
    put_f32(&h->put, ".rope.scaling.yarn_attn_factor", (own * grown + 1) / (all * grown + 1));
}

static void yarn(struct hf *h, const struct rope *r, vidi_status *status) {
    static const struct {
        const char *from, *to;
    } rows[] = {{"beta_fast", ".rope.scaling.yarn_beta_fast"},
                {"beta_slow", ".rope.scaling.yarn_beta_slow"},
                {"attention_factor", ".rope.scaling.yarn_attn_factor"}};
    put_text(&h->put, ".rope.scaling.type", "yarn", 4);
    put_f32(&h->put, ".rope.scaling.factor", number(h, r, "factor", true, 1e6, status));
    put_u32(&h->put, ".rope.scaling.original_context_length", original_context(h, r, status));
    for (int i = 0; i < 3; i++) {
        const double x = number(h, r, rows[i].from, false, 1e6, status);
        if (x != 0) put_f32(&h->put, rows[i].to, x);
    }
    yarn_amount(h, r, status);
    const json_t *truncate = hf_get(h, r->object, "truncate");
    if (json_is_boolean(truncate))
        put_bool(&h->put, ".rope.scaling.yarn_truncate", json_is_true(truncate));
}

/* Each pair is slowed by a factor of its own: fast ones not at all, slow ones by `factor`. */
static void llama3(struct hf *h, const struct rope *r, vidi_status *status) {
    const double factor = number(h, r, "factor", true, 1e6, status);
    const double low = number(h, r, "low_freq_factor", true, 1e6, status);
    const double high = number(h, r, "high_freq_factor", true, 1e6, status);
    const double original = original_context(h, r, status);
    if (*status == VIDI_OK && (!(high > low) || !(low > 0) || !(factor > 0)))
        *status = hf_bad(h, "rope_scaling.", "low_freq_factor", "is not below high_freq_factor");
    float *factors = arena_new(h->arena, float, r->pairs);
    if (!factors && *status == VIDI_OK) *status = VIDI_E_MEMORY;
    if (*status != VIDI_OK) return;
    for (uint32_t i = 0; i < r->pairs; i++) {
        const double turns =
            original / (2 * 3.14159265358979323846 * pow(r->base, (double)i / r->pairs));
        const double smooth = (turns - low) / (high - low);
        const double part = smooth < 0 ? 0 : smooth > 1 ? 1 : smooth;
        factors[i] = (float)(1 / ((1 - part) / factor + part));
    }
    put_tensor(&h->put, "rope_freqs.weight",
               &(struct gguf_tensor){.type = VD_F32,
                                     .n_dims = 1,
                                     .dims = {r->pairs, 1, 1, 1},
                                     .data = factors,
                                     .bytes = r->pairs * sizeof *factors});
}

/* A list of factors, one a pair, as a tensor. */
static void put_factors(struct hf *h, const struct rope *r, const char *key, const char *name,
                        vidi_status *status) {
    const json_t *list = hf_get(h, r->object, key);
    float *factors = arena_new(h->arena, float, r->pairs);
    bool good = json_array_size(list) == r->pairs;
    if (!factors && *status == VIDI_OK) *status = VIDI_E_MEMORY;
    if (*status != VIDI_OK) return;
    for (uint32_t i = 0; good && i < r->pairs; i++) {
        const double x = json_number_value(json_array_get(list, i));
        good = x >= 1e-6 && x <= 1e6;
        factors[i] = (float)x;
    }
    char words[128];
    snprintf(words, sizeof words,
             "is not %u numbers above 0, half of hidden_size by num_attention_heads", r->pairs);
    if (good)
        put_tensor(&h->put, name,
                   &(struct gguf_tensor){.type = VD_F32,
                                         .n_dims = 1,
                                         .dims = {r->pairs, 1, 1, 1},
                                         .data = factors,
                                         .bytes = r->pairs * sizeof *factors});
    else
        *status = hf_bad(h, "rope_scaling.", key, words);
}

/* One list of factors for contexts up to the original one, another for longer ones; cos and sin
 * are longer than 1 for both. */
static void longrope(struct hf *h, const struct rope *r, vidi_status *status) {
    const uint32_t original = original_context(h, r, status);
    double amount = number(h, r, "attention_factor", false, 1e3, status);
    double factor = number(h, r, "factor", false, 1e6, status);
    if (*status == VIDI_OK && original < 2)
        *status = hf_bad(h, "", "original_max_position_embeddings", "is below 2");
    if (*status != VIDI_OK) return;
    if (factor == 0) factor = (double)r->context / original;
    if (amount == 0) amount = factor > 1 ? sqrt(1 + log(factor) / log(original)) : 1;
    put_text(&h->put, ".rope.scaling.type", "longrope", 8);
    put_u32(&h->put, ".rope.scaling.original_context_length", original);
    put_f32(&h->put, ".rope.scaling.attn_factor", amount);
    put_factors(h, r, "short_factor", "rope_factors_short.weight", status);
    put_factors(h, r, "long_factor", "rope_factors_long.weight", status);
}

/* Pairs of each of time, row and column. */
static void sections(struct hf *h, const struct rope *r, vidi_status *status) {
    const json_t *list = hf_get(h, r->object, "mrope_section");
    int32_t pairs[4] = {0};
    bool good = json_array_size(list) == 3;
    if (!list) return;
    for (size_t i = 0; good && i < 3; i++) {
        const json_int_t n = json_integer_value(json_array_get(list, i));
        good = n > 0 && n <= 512;
        pairs[i] = (int32_t)n;
    }
    if (good)
        put_ints(&h->put, ".rope.dimension_sections", pairs, 4);
    else
        *status = hf_bad(h, "rope_scaling.", "mrope_section", "is not three whole numbers");
}

/* Angles grow only behind the context that the model was made for, where vidi does not go. */
static void unchanged(struct hf *h, const struct rope *r, vidi_status *status) {
    (void)h, (void)r, (void)status;
}

static const struct {
    const char *type;
    void (*put)(struct hf *h, const struct rope *r, vidi_status *status);
} kinds[] = {{"default", unchanged}, {"dynamic", unchanged}, {"mrope", unchanged},
             {"linear", linear},     {"yarn", yarn},         {"llama3", llama3},
             {"longrope", longrope}},
  /* Names that the first files of Phi-3 have for it. */
    of_phi3[] = {{"su", longrope}, {"yarn", longrope}};

static bool is_phi3(const struct hf *h) { return strcmp(h->text->arch, "phi3") == 0; }

static bool put_kind(struct hf *h, const struct rope *r, vidi_status *status) {
    for (size_t i = 0; is_phi3(h) && i < sizeof of_phi3 / sizeof *of_phi3; i++)
        if (strcmp(of_phi3[i].type, r->type) == 0) {
            of_phi3[i].put(h, r, status);
            return true;
        }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].type, r->type) == 0) {
            kinds[i].put(h, r, status);
            return true;
        }
    return false;
}

static void find(struct hf *h, struct rope *r, vidi_status *status) {
    json_t *newer = hf_get(h, h->numbers, "rope_parameters");
    json_t *older = hf_get(h, h->numbers, "rope_scaling");
    if (older && !json_is_null(older) && !json_is_object(older) && *status == VIDI_OK)
        *status = hf_bad(h, h->numbers_at, "rope_scaling", "is no object");
    if (newer && !json_is_null(newer) && !json_is_object(newer) && *status == VIDI_OK)
        *status = hf_bad(h, h->numbers_at, "rope_parameters", "is no object");
    if (json_is_object(older) && json_is_object(newer) && !json_equal(older, newer) &&
        *status == VIDI_OK)
        *status = hf_bad(h, h->numbers_at, "rope_scaling", "is given beside rope_parameters");
    json_t *global = hf_get(h, newer, "full_attention"); /* beside "sliding_attention" */
    if (json_is_object(global)) newer = global;
    r->object = json_is_object(newer) ? newer : json_is_object(older) ? older : NULL;
    const char *older_type = json_string_value(hf_get(h, r->object, "type"));
    r->type = json_string_value(hf_get(h, r->object, "rope_type"));
    if (!r->type) r->type = older_type;
    if (!r->type) r->type = "default";
}

static void sizes(struct hf *h, struct rope *r, vidi_status *status) {
    const struct hf_field dim = {h->numbers, h->numbers_at, "hidden_size", true};
    const struct hf_field heads = {h->numbers, h->numbers_at, "num_attention_heads", true};
    const struct hf_field head = {h->numbers, h->numbers_at, "head_dim", false};
    const struct hf_field context = {h->numbers, h->numbers_at, "max_position_embeddings", true};
    const struct hf_field inner = {r->object, "rope_parameters.", "rope_theta", false};
    const struct hf_field outer = {h->numbers, h->numbers_at, "rope_theta", false};
    const uint32_t wide = hf_whole(h, &dim, 1, 65536, status);
    const uint32_t many = hf_whole(h, &heads, 1, 1024, status);
    const uint32_t given = hf_whole(h, &head, 8, 1024, status);
    r->context = hf_whole(h, &context, 1, 1u << 30, status);
    const double whole = hf_number(h, &outer, 1, 1e12, status);
    r->base = hf_number(h, &inner, 1, 1e12, status);
    if (r->base == 0) r->base = whole != 0 ? whole : 10000;
    if (*status == VIDI_OK) r->head_dim = given ? given : wide / many;
    r->pairs = r->head_dim / 2;
    if (*status == VIDI_OK && r->pairs == 0)
        *status = hf_bad(h, h->numbers_at, "hidden_size", "has less than two numbers a head");
}

/* Of each head the first numbers turn, which only Phi is made for. */
static void part_of_head(struct hf *h, struct rope *r, vidi_status *status) {
    static const char key[] = "partial_rotary_factor";
    const struct hf_field inner = {r->object, "rope_parameters.", key, false};
    const struct hf_field outer = {h->numbers, h->numbers_at, key, false};
    const double own = hf_number(h, &inner, 0, 1, status);
    const double whole = hf_number(h, &outer, 0, 1, status);
    const double part = whole != 0 ? whole : own;
    if (*status != VIDI_OK || part == 0 || part == 1) return;
    const uint32_t dim = (uint32_t)(r->head_dim * part);
    if (!is_phi3(h))
        *status = hf_bad(h, "rope_parameters.", key, "is not supported");
    else if (dim < 2 || dim % 2)
        *status = hf_bad(h, "rope_parameters.", key,
                         "is no even part of a head, hidden_size by num_attention_heads");
    else
        put_u32(&h->put, ".rope.dimension_count", dim);
    r->pairs = dim / 2;
}

void hf_rope(struct hf *h, vidi_status *status) {
    struct rope r = {0};
    find(h, &r, status);
    sizes(h, &r, status);
    part_of_head(h, &r, status);
    if (*status != VIDI_OK) return;
    put_f32(&h->put, ".rope.freq_base", r.base);
    sections(h, &r, status);
    if (*status != VIDI_OK || put_kind(h, &r, status)) return;
    *status = vd_fail(h->ctx, VIDI_E_UNSUPPORTED,
                      "%.600s/config.json: rope_scaling.rope_type '%.32s' is not supported",
                      h->folder, r.type);
}
