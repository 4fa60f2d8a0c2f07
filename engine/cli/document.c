#include "document.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *document_text(const json_t *object, const char *key, const char *other) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : other;
}

double document_number(const json_t *object, const char *key, double other) {
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : other;
}

void document_join(char *dst, size_t cap, const json_t *list, const char *key) {
    size_t used = 0, i;
    const json_t *item;
    dst[0] = '\0';
    json_array_foreach(list, i, item) {
        const char *word = key ? document_text(item, key, "?") : json_string_value(item);
        used += (size_t)snprintf(dst + used, cap - used, "%s%s", i ? ", " : "", word ? word : "?");
        if (used >= cap) return;
    }
}

json_t *document_string(const char *text, size_t len) {
    json_t *whole = json_stringn(text ? text : "", len);
    if (whole) return whole;
    char *mended = malloc(len * 3 + 1);
    if (!mended) return NULL;
    size_t used = 0;
    for (size_t i = 0; i < len;) {
        size_t n = 1;
        while (n < 4 && i + n < len && ((unsigned char)text[i + n] & 0xc0) == 0x80) n++;
        json_t *one = json_stringn(text + i, n);
        memcpy(mended + used, one ? text + i : "\xef\xbf\xbd", one ? n : 3);
        used += one ? n : 3;
        i += one ? n : 1;
        json_decref(one);
    }
    whole = json_stringn(mended, used);
    free(mended);
    return whole;
}

json_t *document_ms(double ms) { return json_real(isfinite(ms) ? round(ms * 1e3) / 1e3 : 0); }

int document_print(struct cli *cli, json_t *document) {
    char *text = document ? json_dumps(document, JSON_REAL_PRECISION(12)) : NULL;
    json_decref(document);
    if (!text) return cli_fail(cli, CLI_MEMORY, "no memory for the JSON document");
    progress_erase(&cli->progress);
    out_json(&cli->out, text);
    free(text);
    return CLI_OK;
}

json_t *document_read(struct cli *cli, struct session *s, char *text, int *code) {
    json_error_t error;
    json_t *document = json_loads(text, 0, &error);
    vidi_text_free(s->v, text);
    *code = CLI_OK;
    if (!document) *code = cli_fail(cli, CLI_FAILED, "the document cannot be read: %s", error.text);
    return document;
}

int document_pass(struct cli *cli, struct session *s, char *text) {
    progress_erase(&cli->progress);
    out_json(&cli->out, text);
    vidi_text_free(s->v, text);
    return CLI_OK;
}
