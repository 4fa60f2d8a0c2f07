/* hf_spm.c - tokenizer.model, SentencePiece's own file, seen as the JSON that hf_tokens.c reads.
 *
 * It is a protobuf message (sentencepiece_model.proto): pieces = 1 {piece = 1, score = 2, type =
 * 3}, trainer_spec = 2 {model_type = 3, byte_fallback = 35, unk_id, bos_id, eos_id = 40 to 42},
 * normalizer_spec = 3 {precompiled_charsmap = 2, add_dummy_prefix = 3,
 * remove_extra_whitespaces = 4}. Fields that are not known are skipped. */
#include <string.h>

#include "io/file.h"
#include "io/hf_inside.h"

enum { MODEL_MOST = 256 << 20, PIECES_MOST = 1 << 20 };
enum wire { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

/* What is left of a message. */
struct message {
    const unsigned char *at, *end;
};
struct field {
    uint32_t number;
    enum wire wire;
    uint64_t value;       /* of VARINT and FIXED32 */
    struct message bytes; /* of BYTES */
};

static bool take_varint(struct message *m, uint64_t *out) {
    *out = 0;
    for (unsigned shift = 0; shift < 64 && m->at < m->end; shift += 7) {
        const unsigned char byte = *m->at++;
        *out |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

/* The next field; false: the message is damaged. */
static bool take(struct message *m, struct field *f) {
    uint64_t tag, len = 0;
    if (!take_varint(m, &tag) || tag >> 3 > UINT32_MAX) return false;
    *f = (struct field){.number = (uint32_t)(tag >> 3), .wire = (enum wire)(tag & 7)};
    const uint64_t left = (uint64_t)(m->end - m->at);
    switch (f->wire) {
    case VARINT:
        return take_varint(m, &f->value);
    case FIXED64:
        len = 8;
        break;
    case FIXED32:
        len = 4;
        break;
    case BYTES:
        if (!take_varint(m, &len)) return false;
        break;
    default:
        return false;
    }
    if (len > (uint64_t)(m->end - m->at) || left == 0) return false;
    f->bytes = (struct message){m->at, m->at + len};
    if (f->wire == FIXED32)
        for (int i = 0; i < 4; i++) f->value |= (uint64_t)m->at[i] << 8 * i;
    m->at += len;
    return true;
}

static vidi_status damaged(struct hf *h, const char *what) {
    return vd_fail(h->ctx, VIDI_E_FORMAT, "%.600s/tokenizer.model: %s", h->folder, what);
}

static vidi_status read_piece(struct hf *h, struct message m, json_t *list) {
    struct message text = {0};
    uint32_t bits = 0;
    json_int_t type = 1;
    float score;
    while (m.at < m.end) {
        struct field f;
        if (!take(&m, &f)) return damaged(h, "a piece is damaged");
        if (f.number == 1 && f.wire == BYTES) text = f.bytes;
        if (f.number == 2 && f.wire == FIXED32) bits = (uint32_t)f.value;
        if (f.number == 3 && f.wire == VARINT) type = (json_int_t)(f.value & 0xFF);
    }
    memcpy(&score, &bits, sizeof score);
    if (json_array_size(list) >= PIECES_MOST) return damaged(h, "it has more than 1048576 pieces");
    json_t *word = json_stringn(text.at ? (const char *)text.at : "", (size_t)(text.end - text.at));
    if (!word) return damaged(h, "a piece is no UTF-8");
    if (strlen(json_string_value(word)) != json_string_length(word)) {
        json_decref(word);
        return damaged(h, "a piece holds a zero byte");
    }
    json_t *number = json_real(score); /* NULL where it is not finite */
    if (!number) {
        json_decref(word);
        return damaged(h, "a score is not finite");
    }
    json_array_append_new(list, json_pack("[o,o,I]", word, number, type));
    return VIDI_OK;
}

/* Whole numbers of a message that become fields of the JSON, by their number. */
struct number {
    uint32_t field;
    const char *key;
};
static const struct number trainer[] = {{3, "model_type"}, {35, "byte_fallback"}, {40, "unk_id"},
                                        {41, "bos_id"},    {42, "eos_id"},        {0, NULL}};
static const struct number normaliser[] = {
    {3, "add_dummy_prefix"}, {4, "remove_extra_whitespaces"}, {0, NULL}};

static vidi_status read_numbers(struct hf *h, struct message m, const struct number *known,
                                json_t *model, struct message *charsmap) {
    while (m.at < m.end) {
        struct field f;
        if (!take(&m, &f)) return damaged(h, "its settings are damaged");
        if (known == normaliser && f.number == 2 && f.wire == BYTES) *charsmap = f.bytes;
        for (const struct number *n = known; n->key && f.wire == VARINT; n++)
            if (n->field == f.number)
                json_object_set_new(model, n->key, json_integer((json_int_t)(int32_t)f.value));
    }
    return VIDI_OK;
}

static vidi_status read_model(struct hf *h, struct message m, json_t *model,
                              struct message *charsmap) {
    json_t *pieces = json_object_get(model, "vocab");
    while (m.at < m.end) {
        struct field f;
        if (!take(&m, &f)) return damaged(h, "it is no model of SentencePiece, or cut off");
        if (f.wire != BYTES) continue;
        if (f.number == 1) TRY(read_piece(h, f.bytes, pieces));
        if (f.number == 2) TRY(read_numbers(h, f.bytes, trainer, model, charsmap));
        if (f.number == 3) TRY(read_numbers(h, f.bytes, normaliser, model, charsmap));
    }
    return json_array_size(pieces) ? VIDI_OK : damaged(h, "it has no pieces");
}

/* What holds for the two kinds that are read. */
static vidi_status check(struct hf *h, const json_t *model, uint64_t charsmap) {
    const json_int_t kind = json_integer_value(json_object_get(model, "model_type"));
    const bool drops = json_integer_value(json_object_get(model, "remove_extra_whitespaces"));
    if (kind != 1 && kind != 2) return damaged(h, "trainer_spec.model_type is not unigram or BPE");
    if (kind == 2 && (drops || charsmap))
        return damaged(h, "its BPE changes text before it is cut, which is not supported");
    return VIDI_OK;
}

vidi_status hf_spm_json(struct hf *h, const char *path, json_t **out) {
    const struct file_limit limit = {MODEL_MOST, VIDI_E_FORMAT};
    struct message charsmap = {0};
    void *bytes;
    uint64_t len;
    *out = NULL;
    TRY(file_read(h->ctx, path, limit, &bytes, &len));
    json_t *model = json_pack("{s:s,s:[],s:i,s:i,s:i,s:i,s:i,s:i}", "type", "SentencePiece",
                              "vocab", "model_type", 1, "add_dummy_prefix", 1,
                              "remove_extra_whitespaces", 1, "unk_id", 0, "bos_id", 1, "eos_id", 2);
    vidi_status status = model ? VIDI_OK : VIDI_E_MEMORY;
    const unsigned char *at = bytes;
    if (status == VIDI_OK) status = read_model(h, (struct message){at, at + len}, model, &charsmap);
    const uint64_t n = (uint64_t)(charsmap.end - charsmap.at);
    if (status == VIDI_OK) status = check(h, model, n);
    if (status == VIDI_OK && n)
        put_text(&h->put, "tokenizer.ggml.precompiled_charsmap", (const char *)charsmap.at, n);
    vd_free(h->ctx, bytes);
    if (status == VIDI_OK) *out = json_pack("{s:O}", "model", model);
    json_decref(model);
    return status == VIDI_OK && !*out ? VIDI_E_MEMORY : status;
}
