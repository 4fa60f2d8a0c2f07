#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "table.h"

struct listing {
    struct cli *cli;
    json_t *devices;
};

static const char *api_version(char text[32], uint32_t v) {
    snprintf(text, 32, "%u.%u.%u", v >> 22 & 0x7f, v >> 12 & 0x3ff, v & 0xfff);
    return text;
}

/* The words of a text separated by blanks. */
static json_t *word_list(const char *text) {
    json_t *list = json_array();
    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        const size_t n = strcspn(text, " ");
        json_array_append_new(list, document_string(text, n));
        text += n;
    }
    return list;
}

static json_t *string_or_empty(const char *text) {
    return document_string(text ? text : "", text ? strlen(text) : 0);
}

/* Which kernels this device runs: needs the device opened, so only when it is usable. */
static json_t *kernels_of(struct cli *cli, size_t index) {
    char number[24], *text = NULL;
    snprintf(number, sizeof number, "%zu", index);
    vidi_config cfg = session_config(cli);
    cfg.device = number;
    vidi *v = NULL;
    json_t *list = NULL;
    if (vidi_open(&cfg, &v) == VIDI_OK && vidi_kernels(v, &text) == VIDI_OK) {
        json_t *document = json_loads(text, 0, NULL);
        list = json_incref(json_object_get(document, "kernels"));
        json_decref(document);
        vidi_text_free(v, text);
    }
    progress_erase(&cli->progress);
    vidi_close(v);
    return list;
}

/* Only what concerns the device: name, usable, what it lacks, and the variants. */
static json_t *kernel_names(json_t *kernels) {
    json_t *list = json_array(), *k, *variant;
    size_t i, j;
    json_array_foreach(kernels, i, k) {
        json_t *variants = json_array();
        json_array_foreach(json_object_get(k, "variants"), j, variant)
            json_array_append(variants, json_object_get(variant, "name"));
        json_t *o = json_pack("{s:O?,s:O?,s:O?,s:o}", "name", json_object_get(k, "name"), "usable",
                              json_object_get(k, "usable"), "lacks", json_object_get(k, "lacks"),
                              "variants", variants);
        json_array_append_new(list, o);
    }
    return list;
}

static void each_device(void *user, const vidi_device *d) {
    struct listing *l = user;
    char version[32];
    json_t *o = json_pack(
        "{s:i,s:o,s:o,s:o,s:o,s:I,s:s,s:i,s:b,s:o,s:o}", "index", (int)json_array_size(l->devices),
        "name", string_or_empty(d->name), "vendor", string_or_empty(d->vendor), "type",
        string_or_empty(d->type), "driver", string_or_empty(d->driver), "memory_bytes",
        (json_int_t)d->memory_bytes, "api_version", api_version(version, d->api_version),
        "subgroup_size", (int)d->subgroup_size, "usable", d->usable, "reason",
        string_or_empty(d->reason), "features", word_list(d->features ? d->features : ""));
    json_array_append_new(l->devices, o);
}

/* The kernels of every usable device, and which device is the one taken without --device. */
static void look_closer(struct cli *cli, json_t *devices) {
    size_t i;
    json_t *d;
    vidi_config cfg = session_config(cli);
    cfg.device = NULL;
    vidi *v = NULL;
    char best[256] = "";
    if (vidi_open(&cfg, &v) == VIDI_OK) snprintf(best, sizeof best, "%s", vidi_device_name(v));
    vidi_close(v);
    json_array_foreach(devices, i, d) {
        const bool is_best = best[0] && strcmp(best, document_text(d, "name", "")) == 0;
        json_object_set_new(d, "default", json_boolean(is_best));
        if (is_best) best[0] = '\0';
        json_t *kernels = json_is_true(json_object_get(d, "usable")) ? kernels_of(cli, i) : NULL;
        json_object_set_new(d, "kernels", kernels ? kernel_names(kernels) : json_null());
        json_decref(kernels);
    }
}

/* Features as one text, and the kernels as "38 of 41". */
static void print_features(struct table *t, const json_t *device) {
    char line[400];
    document_join(line, sizeof line, json_object_get(device, "features"), NULL);
    table_cell(t, "features");
    table_cell(t, "%s", line[0] ? line : "none beyond Vulkan 1.2");
}

static void print_kernels(struct table *t, const json_t *device) {
    const json_t *kernels = json_object_get(device, "kernels");
    size_t i, n_usable = 0;
    char lacks[200];
    json_t *k;
    json_array_foreach(kernels, i, k) n_usable += json_is_true(json_object_get(k, "usable"));
    table_cell(t, "kernels");
    table_cell(t, "%zu of %zu run here", n_usable, json_array_size(kernels));
    json_array_foreach(kernels, i, k) {
        if (json_is_true(json_object_get(k, "usable"))) continue;
        table_cell(t, "%s", "");
        document_join(lacks, sizeof lacks, json_object_get(k, "lacks"), NULL);
        table_cell(t, "not %s: lacks %s", document_text(k, "name", "?"), lacks);
    }
}

static void print_device(struct out *out, const json_t *d) {
    static const char *const columns[] = {"", "", NULL};
    char text[64];
    struct table t;
    table_open(&t, columns);
    static const char *const rows[][2] = {
        {"type", "type"}, {"vendor", "vendor"}, {"driver", "driver"}, {"Vulkan", "api_version"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        table_cell(&t, "%s", rows[i][0]);
        table_cell(&t, "%s", document_text(d, rows[i][1], ""));
    }
    table_cell(&t, "memory");
    table_cell(&t, "%s", text_bytes(text, sizeof text, document_number(d, "memory_bytes", 0)));
    table_cell(&t, "subgroup");
    table_cell(&t, "%.0f lanes", document_number(d, "subgroup_size", 0));
    if (json_is_true(json_object_get(d, "usable"))) print_features(&t, d);
    if (json_is_array(json_object_get(d, "kernels"))) print_kernels(&t, d);
    char name[256];
    text_visible(name, sizeof name, document_text(d, "name", "?"),
                 strlen(document_text(d, "name", "?")));
    out_bold(out);
    out_print(out, "%.0f  %s", document_number(d, "index", 0), name);
    out_plain(out);
    if (json_is_true(json_object_get(d, "default"))) out_print(out, "  (used by default)");
    if (!json_is_true(json_object_get(d, "usable")))
        out_print(out, "  (not usable: %s)", document_text(d, "reason", ""));
    out_print(out, "\n");
    table_print(&t, out, "   ");
}

int cmd_devices(struct cli *cli) {
    const vidi_config cfg = session_config(cli);
    struct listing l = {.cli = cli, .devices = json_array()};
    char error[1024] = "";
    const vidi_status status = vidi_devices(&cfg, each_device, &l, error, sizeof error);
    if (status != VIDI_OK) {
        json_decref(l.devices);
        return cli_fail(cli, stage_code(STAGE_DEVICE, status), "%s",
                        error[0] ? error : vidi_status_name(status));
    }
    look_closer(cli, l.devices);
    size_t i;
    json_t *d;
    if (cli->opt.json) return document_print(cli, json_pack("{s:o}", "devices", l.devices));
    json_array_foreach(l.devices, i, d) {
        if (i > 0) out_print(&cli->out, "\n");
        print_device(&cli->out, d);
    }
    if (json_array_size(l.devices) == 0) {
        json_decref(l.devices);
        return cli_fail(cli, CLI_DEVICE, "no Vulkan device on this machine");
    }
    json_decref(l.devices);
    return CLI_OK;
}
