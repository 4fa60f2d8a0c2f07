#include "hub_choose.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PART_MAX = 255, SHARDS_MAX = 2048 };

bool hub_names_add(struct hub_names *names, const char *name) {
    if (names->n == HUB_NAMES_MAX) return false;
    if (names->n == names->cap) {
        const size_t cap = names->cap ? names->cap * 2 : 32;
        char **items = realloc(names->items, cap * sizeof *items);
        if (!items) return false;
        names->items = items;
        names->cap = cap;
    }
    char *copy = strdup(name);
    if (!copy) return false;
    names->items[names->n++] = copy;
    return true;
}

bool hub_names_has(const struct hub_names *names, const char *name) {
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->items[i], name) == 0) return true;
    return false;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void hub_names_sort(struct hub_names *names) {
    if (names->n) qsort(names->items, names->n, sizeof *names->items, by_name);
}

void hub_names_free(struct hub_names *names) {
    for (size_t i = 0; i < names->n; i++) free(names->items[i]);
    free(names->items);
    *names = (struct hub_names){0};
}

static bool part_ok(const char *part, size_t n) {
    if (n == 0 || n > PART_MAX) return false;
    return strncmp(part, "..", n > 2 ? n : 2) != 0 && !(n == 1 && part[0] == '.');
}

bool hub_name_ok(const char *name) {
    if (strlen(name) > HUB_NAME_MAX) return false;
    for (const unsigned char *c = (const unsigned char *)name; *c; c++) {
        if (*c < 0x20 || *c == 0x7f || *c == '\\') return false;
        if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0) return false; /* C1 */
    }
    for (const char *part = name;; part++) {
        const size_t n = strcspn(part, "/");
        if (!part_ok(part, n)) return false;
        part += n;
        if (!*part) return true;
    }
}

static bool ends_with(const char *text, const char *end) {
    const size_t n = strlen(text), m = strlen(end);
    return n > m && strcasecmp(text + n - m, end) == 0;
}

static const char *own_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool has_word(const char *text, const char *word) {
    const size_t n = strlen(word);
    for (; *text; text++)
        if (strncasecmp(text, word, n) == 0) return true;
    return false;
}

bool hub_is_gguf(const char *name) { return ends_with(name, ".gguf"); }
bool hub_is_safetensors(const char *name) { return ends_with(name, ".safetensors"); }
bool hub_is_mmproj(const char *name) {
    return hub_is_gguf(name) && has_word(own_name(name), "mmproj");
}

/* Bytes of the quantisation that starts here, 0: none does. */
static size_t quant_at(const char *text) {
    static const char *const plain[] = {"BF16", "F16", "F32", "FP16", "FP32", "MXFP4"};
    size_t n = 0;
    for (size_t i = 0; i < sizeof plain / sizeof *plain && n == 0; i++)
        if (strncasecmp(text, plain[i], strlen(plain[i])) == 0) n = strlen(plain[i]);
    if (n == 0) {
        n = strchr("iItT", text[0]) && text[0] ? 1 : 0;
        if (tolower((unsigned char)text[n]) != 'q' || !isdigit((unsigned char)text[n + 1]))
            return 0;
        n += 2;
    }
    while (text[n] == '_' || isalnum((unsigned char)text[n])) n++;
    return n;
}

void hub_quant(const char *name, char quant[HUB_QUANT_CAP]) {
    quant[0] = '\0';
    for (const char *at = name; *at; at++) {
        if (at > name && !strchr("-._/", at[-1])) continue;
        const size_t n = quant_at(at);
        if (n == 0 || n >= HUB_QUANT_CAP) continue;
        for (size_t i = 0; i < n; i++) quant[i] = (char)toupper((unsigned char)at[i]);
        quant[n] = '\0';
        at += n - 1;
    }
}

bool hub_tag_means(const char *tag, const char *name) {
    char quant[HUB_QUANT_CAP];
    const char *own = own_name(name);
    const size_t n = strlen(tag);
    if (n == 0) return false;
    if (strcmp(tag, name) == 0 || strcmp(tag, own) == 0) return true;
    hub_quant(name, quant);
    if (strcasecmp(tag, quant) == 0) return true;
    for (const char *at = own; *at; at++) {
        if (at > own && !strchr("-.", at[-1])) continue;
        if (strncasecmp(at, tag, n) == 0 && at[n] && strchr("-.", at[n])) return true;
    }
    return false;
}

static bool digits_at(const char *text, unsigned *value) {
    *value = 0;
    for (int i = 0; i < 5; i++) {
        if (!isdigit((unsigned char)text[i])) return false;
        *value = *value * 10 + (unsigned)(text[i] - '0');
    }
    return true;
}

size_t hub_shard(const char *name, unsigned *index, unsigned *count) {
    static const char pattern[] = "-00000-of-00000.gguf";
    const size_t n = strlen(name), tail = sizeof pattern - 1;
    if (n <= tail) return 0;
    const char *at = name + n - tail;
    if (at[0] != '-' || !digits_at(at + 1, index) || strncmp(at + 6, "-of-", 4) != 0 ||
        !digits_at(at + 10, count) || strcasecmp(at + 15, ".gguf") != 0)
        return 0;
    return *index >= 1 && *index <= *count ? n - tail : 0;
}

static bool is_model(const char *name) {
    unsigned index, count;
    if (!hub_is_gguf(name) || hub_is_mmproj(name) || has_word(own_name(name), "imatrix"))
        return false;
    return hub_shard(name, &index, &count) == 0 || index == 1;
}

/* The place of a name's quantisation in a list, its length where it has none. */
static size_t rank_of(const char *name, const char *const *order, size_t n) {
    char quant[HUB_QUANT_CAP];
    hub_quant(name, quant);
    for (size_t i = 0; i < n; i++)
        if (strcmp(quant, order[i]) == 0) return i;
    return n;
}

/* Small and good first; what is left over comes in the order of the names. */
static size_t model_rank(const char *name) {
    static const char *const order[] = {"Q4_K_M", "Q8_0", "Q5_K_M", "Q6_K",   "Q4_K_S", "Q5_K_S",
                                        "Q4_0",   "Q4_1", "IQ4_XS", "IQ4_NL", "F16",    "BF16"};
    return rank_of(name, order, sizeof order / sizeof *order);
}

static size_t mmproj_rank(const char *name) {
    static const char *const order[] = {"F16", "Q8_0", "BF16", "F32"};
    return rank_of(name, order, sizeof order / sizeof *order);
}

static const char *pick_model(const struct hub_names *all, const char *tag) {
    const char *best = NULL;
    for (size_t i = 0; i < all->n; i++) {
        const char *name = all->items[i];
        if (strcmp(tag, name) == 0 && hub_is_gguf(name)) return name;
        if (!is_model(name) || (*tag && !hub_tag_means(tag, name))) continue;
        const size_t rank = model_rank(name), best_rank = best ? model_rank(best) : 0;
        if (!best || rank < best_rank || (rank == best_rank && strcmp(name, best) < 0)) best = name;
    }
    return best;
}

/* The one of the model's own quantisation if that is f16 or q8_0, else by rank. */
static const char *pick_mmproj(const struct hub_names *all, const char *model) {
    char wanted[HUB_QUANT_CAP], quant[HUB_QUANT_CAP];
    const char *best = NULL;
    size_t best_rank = 0;
    hub_quant(model, wanted);
    for (size_t i = 0; i < all->n; i++) {
        const char *name = all->items[i];
        if (!hub_is_mmproj(name)) continue;
        hub_quant(name, quant);
        size_t rank = mmproj_rank(name) + 1;
        if (rank <= 2 && strcmp(quant, wanted) == 0) rank = 0;
        if (best && (rank > best_rank || (rank == best_rank && strcmp(name, best) > 0))) continue;
        best = name;
        best_rank = rank;
    }
    return best;
}

static bool fail(struct hub_choice *out, char *error, size_t cap, const char *words,
                 const char *what) {
    hub_choice_free(out);
    snprintf(error, cap, words, what);
    return false;
}

static bool add_model(const struct hub_names *all, const char *model, struct hub_choice *out,
                      char *error, size_t cap) {
    static const char no_memory[] = "no memory for %s";
    unsigned index, count;
    const size_t stem = hub_shard(model, &index, &count);
    if (stem == 0) {
        out->n_model = 1;
        return hub_names_add(&out->files, model) || fail(out, error, cap, no_memory, model);
    }
    if (count > SHARDS_MAX) return fail(out, error, cap, "%.200s: too many shards", model);
    for (unsigned i = 1; i <= count; i++) {
        char name[HUB_NAME_MAX + 32];
        snprintf(name, sizeof name, "%.*s-%05u-of-%05u%s", (int)stem, model, i, count,
                 model + strlen(model) - 5);
        if (!hub_names_has(all, name))
            return fail(out, error, cap, "the shard %.300s is missing", name);
        if (!hub_names_add(&out->files, name)) return fail(out, error, cap, no_memory, name);
    }
    out->n_model = count;
    return true;
}

/* "Q4_K_M, Q8_0", of all models there. */
static void list_quants(const struct hub_names *all, char *text, size_t cap) {
    struct hub_names seen = {0};
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < all->n; i++) {
        char quant[HUB_QUANT_CAP];
        if (!is_model(all->items[i])) continue;
        hub_quant(all->items[i], quant);
        if (!quant[0] || hub_names_has(&seen, quant) || len + HUB_QUANT_CAP + 3 > cap) continue;
        if (!hub_names_add(&seen, quant)) break;
        len += (size_t)snprintf(text + len, cap - len, "%s%s", len ? ", " : "", quant);
    }
    hub_names_free(&seen);
}

static bool choose_gguf(const struct hub_names *all, const char *tag, struct hub_choice *out,
                        char *error, size_t cap) {
    const char *model = pick_model(all, tag);
    out->kind = HUB_GGUF;
    if (!model) {
        char have[300];
        list_quants(all, have, sizeof have);
        snprintf(error, cap, "no file is meant by \"%.100s\"%s%s", tag,
                 have[0] ? "; there are " : "", have);
        return false;
    }
    if (!add_model(all, model, out, error, cap)) return false;
    const char *mmproj = hub_is_mmproj(model) ? NULL : pick_mmproj(all, model);
    if (mmproj && !hub_names_add(&out->files, mmproj))
        return fail(out, error, cap, "no memory for %s", mmproj);
    return true;
}

/* What a model needs besides its weights: in the repository's own folder, and the vocabulary of
 * what InstructBLIP's eyes are asked. */
static bool is_companion(const char *name) {
    static const char *const names[] = {"config.json",
                                        "generation_config.json",
                                        "preprocessor_config.json",
                                        "processor_config.json",
                                        "image_processor_config.json",
                                        "tokenizer.json",
                                        "tokenizer_config.json",
                                        "tokenizer.model",
                                        "qwen.tiktoken",
                                        "vocab.json",
                                        "vocab.txt",
                                        "merges.txt",
                                        "special_tokens_map.json",
                                        "added_tokens.json",
                                        "chat_template.json",
                                        "chat_template.jinja",
                                        "spiece.model",
                                        "sentencepiece.bpe.model",
                                        "qformer_tokenizer/tokenizer.json",
                                        "qformer_tokenizer/tokenizer_config.json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return ends_with(name, ".safetensors.index.json") && !strchr(name, '/');
}

static bool choose_safetensors(const struct hub_names *all, const char *tag, struct hub_choice *out,
                               char *error, size_t cap) {
    bool any_model = false, any = false;
    out->kind = HUB_SAFETENSORS;
    for (size_t i = 0; i < all->n; i++)
        any_model |= hub_is_safetensors(all->items[i]) &&
                     strncmp(all->items[i], "consolidated", 12) != 0 && !strchr(all->items[i], '/');
    for (size_t i = 0; i < all->n; i++) {
        const char *name = all->items[i];
        const bool weights = hub_is_safetensors(name);
        if (weights ? strchr(name, '/') != NULL : !is_companion(name)) continue;
        /* The same weights in another form, beside those of the usual names. */
        if (any_model && strncmp(name, "consolidated", 12) == 0) continue;
        if (*tag && weights && strcmp(tag, name) != 0) continue;
        any |= weights;
        if (!hub_names_add(&out->files, name))
            return fail(out, error, cap, "no memory for %s", name);
    }
    if (!any) return fail(out, error, cap, "no file is meant by \"%.100s\"", tag);
    out->n_model = out->files.n;
    return true;
}

bool hub_choose(const struct hub_names *all, const char *tag, struct hub_choice *out, char *error,
                size_t cap) {
    bool gguf = false, safetensors = false;
    *out = (struct hub_choice){0};
    for (size_t i = 0; i < all->n; i++) {
        gguf |= is_model(all->items[i]) || strcmp(tag, all->items[i]) == 0;
        safetensors |= hub_is_safetensors(all->items[i]) && !strchr(all->items[i], '/');
    }
    if (hub_is_safetensors(tag)) gguf = false;
    if (gguf) return choose_gguf(all, tag, out, error, cap);
    if (safetensors) return choose_safetensors(all, tag, out, error, cap);
    snprintf(error, cap, "there are neither GGUF nor safetensors files of a model");
    return false;
}

void hub_choice_free(struct hub_choice *choice) {
    hub_names_free(&choice->files);
    *choice = (struct hub_choice){0};
}
