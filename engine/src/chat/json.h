/* json.h - JSON documents as text of the engine. Jansson's own memory never leaves this module. */
#ifndef VD_CHAT_JSON_H
#define VD_CHAT_JSON_H
#include <jansson.h>

#include "base/status.h"
#include "io/gguf.h"

/* Bytes as a JSON string; what is no UTF-8 is written <0xNN>. */
json_t *json_bytes(const char *bytes, uint64_t len);
/* The same as a key; free with vd_free. */
char *json_key(struct vd_ctx *ctx, struct str s);
/* A number; null where it is not finite. */
json_t *json_number(double value);
/* Takes the document, also on failure; the text is freed with vd_free. */
vidi_status json_text(struct vd_ctx *ctx, json_t *doc, char **out);
#endif
