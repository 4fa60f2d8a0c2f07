#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "hub_hash.h"
#include "table.h"

/* What a conversation holds unless -c says otherwise, see vidi_chat_config. */
enum { CONTEXT_DEFAULT = 4096 };

static const char *const two_columns[] = {"", "", NULL};

static void row(struct table *t, const char *key, const char *value) {
    if (!value || !value[0]) return;
    table_cell(t, "%s", key);
    table_cell(t, "%s", value);
}

/* "q4_0 141 KiB, f16 3 KiB", the type with the most bytes first. */
static void types_text(char *dst, size_t cap, const json_t *types) {
    json_t *left = json_copy((json_t *)types), *value;
    size_t used = 0;
    dst[0] = '\0';
    while (json_object_size(left) && used < cap) {
        const char *key, *name = NULL;
        double most = -1;
        char size[32];
        json_object_foreach(left, key, value) {
            if (json_number_value(value) <= most) continue;
            most = json_number_value(value);
            name = key;
        }
        used += (size_t)snprintf(dst + used, cap - used, "%s%s %s", used ? ", " : "", name,
                                 text_bytes(size, sizeof size, most));
        json_object_del(left, name);
    }
    json_decref(left);
}

static void vision_text(char *dst, size_t cap, const json_t *vision, const char *path) {
    const char *at = document_text(vision, "path", "");
    const char *slash = strrchr(at, '/');
    const bool apart = json_object_get(vision, "tensors") && strcmp(at, path ? path : "") != 0;
    snprintf(dst, cap, "%s%s%s", document_text(vision, "family", "none that vidi can run"),
             apart ? ", in " : "", apart ? slash ? slash + 1 : at : "");
}

/* Sizes, and what they take of the context. */
static const char *picture_text(char *dst, size_t cap, const json_t *p) {
    const double most = document_number(p, "most_pixels", 0);
    const double each = document_number(p, "pixels_per_token", 0);
    const double tokens = document_number(p, "tokens", 0);
    const bool asked = json_is_true(json_object_get(p, "asked"));
    const bool tiles = json_is_true(json_object_get(p, "tiles")) && !asked;
    char size[64];
    if (!json_is_object(p)) return NULL;
    if (most > 0)
        snprintf(size, sizeof size, "any size up to %.0f pixels", most);
    else
        snprintf(size, sizeof size, "%s%.0f x %.0f", tiles ? "tiles of " : "",
                 document_number(p, "width", 0), document_number(p, "height", 0));
    if (each > 0)
        snprintf(dst, cap, "%s, a token for %.0f pixels", size, each);
    else
        snprintf(dst, cap, "%s, %.0f %s%s", size, tokens, asked ? "rows that layers ask" : "tokens",
                 tiles ? " each" : "");
    return dst;
}

/* Whether its form is known, what its bytes hash to, and how it begins. */
static const char *template_text(char *dst, size_t cap, const json_t *d) {
    static const char any[] = "0000000000000000000000000000000000000000000000000000000000000000";
    const char *template = document_text(d, "template", ""), *form;
    const size_t len = strlen(template);
    char begin[256], digits[HUB_HASH_CAP] = "";
    struct hub_hash hash = {0};
    if (!len) return "none: a model without eyes completes the text as it is";
    form = document_text(d, "template_form", "not known, the form is guessed");
    if (hub_hash_open(&hash, any, len) &&
        !(hub_hash_add(&hash, template, len) && hub_hash_close(&hash, digits)))
        digits[0] = 0;
    snprintf(dst, cap, "%s; %s%s; %s", form, digits[0] ? "sha256 " : "no hash", digits,
             text_visible(begin, 64, template, len));
    return dst;
}

static void print_summary(struct out *out, const json_t *d, const char *path) {
    const json_t *vision = json_object_get(d, "vision");
    const double weights =
        document_number(d, "weights_bytes", 0) + document_number(vision, "weights_bytes", 0);
    const double context = document_number(d, "context", 0);
    const double kept = context < CONTEXT_DEFAULT ? context : CONTEXT_DEFAULT;
    const double kv = document_number(d, "kv_bytes_per_token", 0);
    const double picture = document_number(d, "kv_bytes_per_picture", 0);
    const bool apart = strcmp(document_text(vision, "path", ""), document_text(d, "path", "")) != 0;
    const double file = document_number(d, "file_bytes", 0) +
                        (apart ? document_number(vision, "file_bytes", 0) : 0);
    const double parameters =
        document_number(d, "parameters", 0) + document_number(vision, "parameters", 0);
    char text[256], a[32], b[32], c[32];
    struct table t;
    table_open(&t, two_columns);
    row(&t, "name", document_text(d, "name", NULL));
    row(&t, "file", path ? path : "ships inside vidi");
    row(&t, "size", file > 0 ? text_bytes(text, sizeof text, file) : NULL);
    row(&t, "family", document_text(d, "family", "none that vidi can run"));
    if (json_is_object(vision)) {
        vision_text(text, sizeof text, vision, path);
        row(&t, "vision", text);
        row(&t, "projector", document_text(vision, "projector", NULL));
    }
    row(&t, "pictures", picture_text(text, sizeof text, json_object_get(d, "picture")));
    row(&t, "architecture", document_text(d, "architecture", NULL));
    row(&t, "licence", document_text(d, "license", "not stated"));
    row(&t, "parameters", parameters > 0 ? text_count(text, sizeof text, parameters) : NULL);
    snprintf(text, sizeof text, "%.0f tokens", context);
    row(&t, "context", context > 0 ? text : NULL);
    snprintf(text, sizeof text, "%s: weights %s, %s for %.0f tokens",
             text_bytes(a, sizeof a, weights + kv * kept), text_bytes(b, sizeof b, weights),
             text_bytes(c, sizeof c, kv * kept), kept);
    if (picture > 0) {
        const size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, ", %s a picture", text_bytes(a, sizeof a, picture));
    }
    row(&t, "memory", weights > 0 ? text : NULL);
    types_text(text, sizeof text, json_object_get(d, "types"));
    row(&t, "types", text);
    row(&t, "template", template_text(text, sizeof text, d));
    table_print(&t, out, "");
}

static void value_text(char *dst, size_t cap, const json_t *value) {
    const json_t *kind = json_object_get(value, "array"), *count = json_object_get(value, "count");
    if (json_is_object(value) && kind && count) {
        snprintf(dst, cap, "%" JSON_INTEGER_FORMAT " × %s", json_integer_value(count),
                 json_string_value(kind));
        return;
    }
    char *text =
        json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(7));
    snprintf(dst, cap, "%s", text ? text : json_string_value(value));
    free(text);
}

static void print_metadata(struct out *out, const json_t *d, const char *heading, bool all) {
    json_t *metadata = json_object_get(d, "metadata"), *value;
    const char *key;
    char text[512];
    struct table t;
    if (json_object_size(metadata) == 0) return;
    table_open(&t, two_columns);
    json_object_foreach(metadata, key, value) {
        /* The vocabulary's keys are many and long; the template stands above. */
        if (!all && strncmp(key, "tokenizer.chat_template", 23) == 0) continue;
        table_cell(&t, "%s", key);
        value_text(text, sizeof text, value);
        table_cell(&t, "%s", text);
    }
    out_bold(out);
    out_print(out, "\n%s", heading);
    out_plain(out);
    out_print(out, "\n");
    table_print(&t, out, "  ");
}

static void shape_text(char *dst, size_t cap, const json_t *tensor) {
    size_t used = 0, i;
    json_t *n;
    dst[0] = '\0';
    json_array_foreach(json_object_get(tensor, "shape"), i, n) {
        used += (size_t)snprintf(dst + used, cap - used, "%s%" JSON_INTEGER_FORMAT, i ? " × " : "",
                                 json_integer_value(n));
        if (used >= cap) return;
    }
}

/* Tensors of the same name but for the first number in it, of the same type and shape, are one
 * line: {"before","after","type","shape","min","max","count","bytes"}, in the order of the file. */
static void group_tensor(json_t *groups, const json_t *tensor, bool all) {
    const char *name = document_text(tensor, "name", "?");
    const char *type = document_text(tensor, "type", "?");
    const double bytes = document_number(tensor, "bytes", 0);
    char shape[160], key[512];
    shape_text(shape, sizeof shape, tensor);
    const char *number = name;
    while (*number && !(isdigit((unsigned char)*number) && number > name && number[-1] == '.'))
        number++;
    const char *after = number + strspn(number, "0123456789");
    const bool numbered = !all && *number && *after == '.' && after - number < 7;
    if (!numbered) after = number = name + strlen(name);
    const int n_before = (int)(number - name);
    snprintf(key, sizeof key, "%.*s\n%s\n%s\n%s", n_before, name, after, type, shape);
    const int index = numbered ? atoi(number) : -1;
    json_t *group = json_object_get(groups, key);
    if (!group) {
        group = json_pack("{s:s#,s:s,s:s,s:s,s:i,s:i,s:i,s:f}", "before", name, n_before, "after",
                          after, "type", type, "shape", shape, "min", index, "max", index, "count",
                          0, "bytes", 0.0);
        json_object_set_new_nocheck(groups, key, group); /* the key may be cut in a character */
    }
    const double min = document_number(group, "min", 0), max = document_number(group, "max", 0);
    json_object_set_new(group, "min", json_integer(index < min ? index : (json_int_t)min));
    json_object_set_new(group, "max", json_integer(index > max ? index : (json_int_t)max));
    json_object_set_new(group, "count",
                        json_integer((json_int_t)document_number(group, "count", 0) + 1));
    json_object_set_new(group, "bytes", json_real(document_number(group, "bytes", 0) + bytes));
}

static void print_group(struct table *t, const json_t *group) {
    const int min = (int)document_number(group, "min", -1);
    const int max = (int)document_number(group, "max", -1);
    const int count = (int)document_number(group, "count", 1);
    const char *before = document_text(group, "before", ""),
               *after = document_text(group, "after", "");
    char numbers[48] = "", bytes[32];
    if (min >= 0 && count == 1) snprintf(numbers, sizeof numbers, "%d", min);
    if (min >= 0 && count > 1)
        snprintf(numbers, sizeof numbers, max - min + 1 == count ? "%d-%d" : "(%d-%d)", min, max);
    table_cell(t, "%s%s%s", before, numbers, after);
    if (count > 1)
        table_cell(t, "%d ×", count);
    else
        table_cell(t, "%s", "");
    table_cell(t, "%s", document_text(group, "type", "?"));
    table_cell(t, "%s", document_text(group, "shape", ""));
    table_cell(t, "%s", text_bytes(bytes, sizeof bytes, document_number(group, "bytes", 0)));
}

static void print_tensors(struct out *out, const json_t *d, const char *heading, bool all) {
    static const char *const columns[] = {"", ">", "", "", ">", NULL};
    json_t *tensors = json_object_get(d, "tensors"), *tensor, *groups = json_object();
    size_t i;
    const char *key;
    json_array_foreach(tensors, i, tensor) group_tensor(groups, tensor, all);
    struct table t;
    table_open(&t, columns);
    json_t *group;
    json_object_foreach(groups, key, group) print_group(&t, group);
    json_decref(groups);
    out_bold(out);
    out_print(out, "\n%zu %s", json_array_size(tensors), heading);
    out_plain(out);
    out_print(out, "\n");
    table_print(&t, out, "  ");
}

/* The model, then its eyes where they are a part of their own. */
static void print_all(struct out *out, const json_t *d, bool all) {
    const json_t *vision = json_object_get(d, "vision");
    print_metadata(out, d, "Metadata", all);
    print_tensors(out, d, "tensors", all);
    if (!json_object_get(vision, "tensors")) return;
    print_metadata(out, vision, "Metadata of the vision part", all);
    print_tensors(out, vision, "tensors of the vision part", all);
}

int cmd_show(struct cli *cli) {
    const char *path = session_model_path(cli, cli->opt.rest.n > 0 ? cli->opt.rest.items[0] : NULL);
    struct session s = {0};
    char *text = NULL;
    int code = session_bare(cli, &s);
    if (code == CLI_OK) {
        const vidi_status status =
            vidi_describe_as(s.v, path, (vidi_weights)cli->opt.weights, &text);
        if (status != VIDI_OK) code = session_fail(cli, &s, STAGE_MODEL, status);
    }
    if (code == CLI_OK && cli->opt.json) {
        code = document_pass(cli, &s, text);
    } else if (code == CLI_OK) {
        json_t *d = document_read(cli, &s, text, &code);
        if (d) {
            print_summary(&cli->out, d, path);
            print_all(&cli->out, d, cli->opt.all);
        }
        json_decref(d);
    }
    session_close(&s);
    return code;
}
