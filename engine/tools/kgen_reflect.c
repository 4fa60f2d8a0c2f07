#include "kgen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The numbers of the SPIR-V specification that matter here. */
enum {
    SPIRV_MAGIC = 0x07230203,
    OP_NAME = 5,
    OP_MEMBER_NAME = 6,
    OP_TYPE_BOOL = 20,
    OP_TYPE_INT = 21,
    OP_TYPE_FLOAT = 22,
    OP_TYPE_IMAGE = 25,
    OP_TYPE_ARRAY = 28,
    OP_TYPE_RUNTIME_ARRAY = 29,
    OP_TYPE_STRUCT = 30,
    OP_TYPE_POINTER = 32,
    OP_SPEC_TRUE = 48,
    OP_SPEC_FALSE = 49,
    OP_SPEC = 50,
    OP_VARIABLE = 59,
    OP_DECORATE = 71,
    OP_MEMBER_DECORATE = 72,
    DECORATION_SPEC_ID = 1,
    DECORATION_NON_WRITABLE = 24,
    DECORATION_NON_READABLE = 25,
    DECORATION_BINDING = 33,
    DECORATION_SET = 34,
    DECORATION_OFFSET = 35,
    CLASS_CONSTANT = 0,
    CLASS_UNIFORM = 2,
    CLASS_PUSH = 9,
    CLASS_STORAGE = 12,
    DIM_BUFFER = 5,
    IMAGE_STORAGE = 2,
    FORMAT_RGBA32UI = 30,
    HEADER_WORDS = 5,
};

struct member {
    const char *name;
    uint32_t type, offset;
    bool unwritable, unreadable;
};

struct entity { /* whatever has an id */
    const char *name;
    uint32_t op;
    uint32_t type;             /* of a variable or constant; what a pointer points to */
    uint32_t storage;          /* class of a variable */
    uint32_t width, is_signed; /* of a number type */
    uint32_t value;            /* default of a specialisation constant */
    uint32_t set, binding, spec_id;
    bool has_binding, has_spec, unwritable, unreadable;
    bool is_texels;         /* of an image type: a storage texel buffer of uvec4 */
    struct member *members; /* of a struct */
    uint32_t n_members;
};

struct module {
    struct tool *tool;
    struct shader *shader;
    struct variant *variant;
    struct words words;
    struct entity *ids;
    uint32_t n_ids;
};

#define BROKEN(m, ...) complain((m)->tool, (m)->shader, (m)->variant, __VA_ARGS__)

struct words read_words(struct tool *t, const char *path) {
    size_t len = 0;
    char *text = file_text(t, path, &len);
    if (!text || len % 4 || len < HEADER_WORDS * 4) return (struct words){0};
    return (struct words){(uint32_t *)(void *)text, (uint32_t)(len / 4)};
}

static void decorate(struct entity *e, const uint32_t *a) {
    switch (a[1]) {
    case DECORATION_BINDING:
        e->binding = a[2], e->has_binding = true;
        break;
    case DECORATION_SET:
        e->set = a[2];
        break;
    case DECORATION_SPEC_ID:
        e->spec_id = a[2], e->has_spec = true;
        break;
    case DECORATION_NON_WRITABLE:
        e->unwritable = true;
        break;
    case DECORATION_NON_READABLE:
        e->unreadable = true;
        break;
    default:
        break;
    }
}

static void decorate_member(struct member *m, const uint32_t *a) {
    switch (a[2]) {
    case DECORATION_OFFSET:
        m->offset = a[3];
        break;
    case DECORATION_NON_WRITABLE:
        m->unwritable = true;
        break;
    case DECORATION_NON_READABLE:
        m->unreadable = true;
        break;
    default:
        break;
    }
}

/* Names and decorations come before types in a module, so a struct's members are made when first
 * spoken of. */
static struct member *member(struct module *m, uint32_t id, uint32_t index) {
    struct entity *e = &m->ids[id];
    if (index >= e->n_members) {
        struct member *more = arena_new(&m->tool->arena, struct member, index + 1);
        if (e->n_members) memcpy(more, e->members, e->n_members * sizeof *more);
        e->members = more;
        e->n_members = index + 1;
    }
    return &e->members[index];
}

static void read_type(struct module *m, uint32_t op, const uint32_t *a, uint32_t n) {
    struct entity *e = &m->ids[a[0]];
    e->op = op;
    if (op == OP_TYPE_INT) e->width = a[1], e->is_signed = a[2];
    if (op == OP_TYPE_FLOAT) e->width = a[1];
    if (op == OP_TYPE_BOOL) e->width = 32;
    if (op == OP_TYPE_IMAGE)
        e->is_texels = a[2] == DIM_BUFFER && a[6] == IMAGE_STORAGE && a[7] == FORMAT_RGBA32UI;
    if (op == OP_TYPE_POINTER) e->type = a[2];
    if (op == OP_TYPE_STRUCT)
        for (uint32_t i = 0; i + 1 < n; i++) member(m, a[0], i)->type = a[i + 1];
}

static void read_instruction(struct module *m, uint32_t op, const uint32_t *a, uint32_t n) {
    switch (op) {
    case OP_NAME:
        m->ids[a[0]].name = (const char *)(a + 1);
        break;
    case OP_MEMBER_NAME:
        member(m, a[0], a[1])->name = (const char *)(a + 2);
        break;
    case OP_DECORATE:
        decorate(&m->ids[a[0]], a);
        break;
    case OP_MEMBER_DECORATE:
        decorate_member(member(m, a[0], a[1]), a);
        break;
    case OP_TYPE_BOOL:
    case OP_TYPE_INT:
    case OP_TYPE_FLOAT:
    case OP_TYPE_IMAGE:
    case OP_TYPE_ARRAY:
    case OP_TYPE_RUNTIME_ARRAY:
    case OP_TYPE_STRUCT:
    case OP_TYPE_POINTER:
        read_type(m, op, a, n);
        break;
    case OP_SPEC_TRUE:
    case OP_SPEC_FALSE:
    case OP_SPEC:
        m->ids[a[1]].op = op;
        m->ids[a[1]].type = a[0];
        m->ids[a[1]].value = op == OP_SPEC ? a[2] : op == OP_SPEC_TRUE;
        break;
    case OP_VARIABLE:
        m->ids[a[1]].op = op;
        m->ids[a[1]].type = m->ids[a[0]].type;
        m->ids[a[1]].storage = a[2];
        break;
    default:
        break;
    }
}

static bool read_module(struct module *m) {
    const struct words w = m->words;
    if (w.n < HEADER_WORDS || w.data[0] != SPIRV_MAGIC) {
        BROKEN(m, "the compiler wrote no SPIR-V");
        return false;
    }
    m->n_ids = w.data[3];
    m->ids = arena_new(&m->tool->arena, struct entity, m->n_ids);
    for (uint32_t i = HEADER_WORDS; i < w.n;) {
        const uint32_t len = w.data[i] >> 16;
        if (len == 0 || len > w.n - i) {
            BROKEN(m, "the SPIR-V is cut short");
            return false;
        }
        read_instruction(m, w.data[i] & 0xffff, w.data + i + 1, len - 1);
        i += len;
    }
    return true;
}

static bool is_inout(const struct shader *s, const char *name) {
    for (uint32_t i = 0; i < s->n_inout; i++)
        if (!strcmp(s->inout[i], name)) return true;
    return false;
}

static void read_access(struct module *m, const struct entity *var, const struct member *array,
                        struct binding *out) {
    const bool unwritable = array->unwritable || var->unwritable;
    const bool unreadable = array->unreadable || var->unreadable;
    *out = (struct binding){array->name, !unreadable, !unwritable, false};
    if (unwritable && unreadable) BROKEN(m, "buffer '%s' is neither read nor written", array->name);
    const bool marked = is_inout(m->shader, array->name);
    if (out->reads && out->writes && !marked)
        BROKEN(m,
               "buffer '%s' is neither readonly nor writeonly; mark it `//! inout: %s` if it "
               "must be both",
               array->name, array->name);
    if (marked && !(out->reads && out->writes))
        BROKEN(m, "buffer '%s' is marked inout but is not both read and written", array->name);
}

static bool check_place(struct module *m, const struct entity *var, const char *name) {
    if (var->set != 0) BROKEN(m, "block '%s' is in set %u; only set 0 is allowed", name, var->set);
    if (var->has_binding && var->binding < MAX_BINDINGS) return true;
    BROKEN(m, "block '%s': bindings go from 0 to %d", name, MAX_BINDINGS - 1);
    return false;
}

static bool is_free(struct module *m, uint32_t binding, const char *name,
                    const struct contract *c) {
    const char *taken = c->bindings[binding].name;
    if (taken) BROKEN(m, "binding %u is used by '%s' and by '%s'", binding, taken, name);
    return !taken;
}

static void read_buffer(struct module *m, const struct entity *var, struct contract *c) {
    const struct entity *block = &m->ids[var->type];
    const char *name = block->name ? block->name : "?";
    if (!check_place(m, var, name)) return;
    const bool is_block = block->op == OP_TYPE_STRUCT;
    const uint32_t inner =
        is_block && block->n_members == 1 ? m->ids[block->members[0].type].op : 0;
    if (inner != OP_TYPE_RUNTIME_ARRAY && inner != OP_TYPE_ARRAY) {
        BROKEN(m, "block '%s' must hold exactly one array", name);
        return;
    }
    if (var->name && *var->name)
        BROKEN(m, "block '%s' has the instance name '%s'; the array's own name is the field's name",
               name, var->name);
    if (!is_free(m, var->binding, block->members[0].name, c)) return;
    read_access(m, var, &block->members[0], &c->bindings[var->binding]);
    if (var->binding >= c->n_bindings) c->n_bindings = var->binding + 1;
}

static void read_texels(struct module *m, const struct entity *var, struct contract *c) {
    const char *name = var->name && *var->name ? var->name : "?";
    if (!check_place(m, var, name) || !is_free(m, var->binding, name, c)) return;
    if (!var->unwritable || var->unreadable) BROKEN(m, "texel buffer '%s' must be readonly", name);
    c->bindings[var->binding] = (struct binding){name, true, false, true};
    if (var->binding >= c->n_bindings) c->n_bindings = var->binding + 1;
}

static bool scalar_type(const struct entity *type, enum scalar *out) {
    if (type->width != 32) return false;
    if (type->op == OP_TYPE_FLOAT) *out = SCALAR_FLOAT;
    if (type->op == OP_TYPE_BOOL) *out = SCALAR_UINT;
    if (type->op == OP_TYPE_INT) *out = type->is_signed ? SCALAR_INT : SCALAR_UINT;
    return true;
}

static void read_push(struct module *m, const struct entity *var, struct contract *c) {
    const struct entity *block = &m->ids[var->type];
    if (var->name && *var->name)
        BROKEN(m, "the push constants have the instance name '%s'; write them without", var->name);
    uint32_t end = 0;
    for (uint32_t i = 0; i < block->n_members; i++) {
        const struct member *p = &block->members[i];
        struct field field = {.name = p->name};
        if (!scalar_type(&m->ids[p->type], &field.type)) {
            BROKEN(m, "push constant '%s' must be a 32-bit scalar", p->name);
            return;
        }
        if (p->offset != end)
            BROKEN(m, "push constant '%s' is at byte %u, but %u is next: no holes", p->name,
                   p->offset, end);
        end = p->offset + 4;
        if (end > MAX_PUSH_BYTES) {
            BROKEN(m, "push constant '%s' ends at byte %u; at most %d are allowed", p->name, end,
                   MAX_PUSH_BYTES);
            return;
        }
        c->push[c->n_push++] = field;
    }
}

static struct field *find_spec(struct contract *c, uint32_t id) {
    for (uint32_t i = 0; i < c->n_specs; i++)
        if (c->specs[i].id == id) return &c->specs[i];
    return NULL;
}

static void add_spec(struct module *m, const struct entity *e, struct contract *c) {
    struct field field = {.name = e->name, .id = e->spec_id, .value = e->value};
    if (!scalar_type(&m->ids[e->type], &field.type)) {
        BROKEN(m, "specialisation constant '%s' must be 32 bits wide", e->name);
        return;
    }
    const struct field *twin = find_spec(c, e->spec_id);
    if (twin)
        BROKEN(m, "constant_id %u is used by '%s' and by '%s'", e->spec_id, twin->name, e->name);
    else if (c->n_specs == MAX_SPECS)
        BROKEN(m, "at most %d specialisation constants", MAX_SPECS);
    else
        c->specs[c->n_specs++] = field;
}

/* `local_size_x_id = N` makes a nameless constant with default 1 on SpecId N. It is only safe when
 * a named constant has the same id, because then the engine always passes its value. */
static void check_hidden_specs(struct module *m, struct contract *c) {
    for (uint32_t i = 0; i < m->n_ids; i++) {
        const struct entity *e = &m->ids[i];
        if (e->has_spec && !(e->name && *e->name) && !find_spec(c, e->spec_id))
            BROKEN(m,
                   "local_size_*_id = %u has no constant of its own: add "
                   "`layout(constant_id = %u) const uint NAME = ...`",
                   e->spec_id, e->spec_id);
    }
}

static int by_spec_id(const void *a, const void *b) {
    const struct field *left = a, *right = b;
    return (left->id > right->id) - (left->id < right->id);
}

static struct contract read_contract(struct module *m) {
    struct contract c = {0};
    for (uint32_t i = 0; i < m->n_ids; i++) {
        const struct entity *e = &m->ids[i];
        if (e->has_spec && e->name && *e->name) add_spec(m, e, &c);
        if (e->op != OP_VARIABLE) continue;
        if (e->storage == CLASS_STORAGE) read_buffer(m, e, &c);
        if (e->storage == CLASS_PUSH) read_push(m, e, &c);
        const bool texels = e->storage == CLASS_CONSTANT && m->ids[e->type].is_texels;
        if (texels) read_texels(m, e, &c);
        if (e->storage == CLASS_UNIFORM || (e->storage == CLASS_CONSTANT && !texels))
            BROKEN(m, "'%s' is no storage buffer; nothing else can be bound",
                   m->ids[e->type].name ? m->ids[e->type].name
                   : e->name            ? e->name
                                        : "?");
    }
    for (uint32_t i = 0; i < c.n_bindings; i++)
        if (!c.bindings[i].name) BROKEN(m, "bindings must be dense from 0, and %u is missing", i);
    if (c.n_bindings == 0) BROKEN(m, "a kernel must bind at least one buffer");
    check_hidden_specs(m, &c);
    if (c.n_specs) qsort(c.specs, c.n_specs, sizeof *c.specs, by_spec_id);
    return c;
}

static void check_names_unique(struct module *m, const struct contract *c) {
    const char *names[MAX_BINDINGS + MAX_PUSH];
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->n_bindings; i++) names[n++] = c->bindings[i].name;
    for (uint32_t i = 0; i < c->n_push; i++) names[n++] = c->push[i].name;
    for (uint32_t i = 0; i < n; i++) {
        if (!names[i]) continue;
        if (!strcmp(names[i], "spec")) BROKEN(m, "the name 'spec' is taken");
        for (uint32_t j = 0; j < i; j++)
            if (names[j] && !strcmp(names[i], names[j]))
                BROKEN(m, "the name '%s' is there twice", names[i]);
    }
}

/* The first difference in words, or NULL. */
static const char *difference(struct tool *t, const struct contract *a, const struct contract *b) {
    if (a->n_bindings != b->n_bindings || a->n_push != b->n_push || a->n_specs != b->n_specs)
        return arena_print(&t->arena,
                           "%u buffers, %u push constants, %u specialisation constants here, "
                           "%u, %u, %u there",
                           a->n_bindings, a->n_push, a->n_specs, b->n_bindings, b->n_push,
                           b->n_specs);
    for (uint32_t i = 0; i < a->n_bindings; i++) {
        const struct binding *x = &a->bindings[i], *y = &b->bindings[i];
        if (strcmp(x->name, y->name) || x->reads != y->reads || x->writes != y->writes ||
            x->texels != y->texels)
            return arena_print(&t->arena, "buffer %u, '%s'", i, x->name);
    }
    for (uint32_t i = 0; i < a->n_push; i++)
        if (strcmp(a->push[i].name, b->push[i].name) || a->push[i].type != b->push[i].type)
            return arena_print(&t->arena, "push constant '%s'", a->push[i].name);
    for (uint32_t i = 0; i < a->n_specs; i++) {
        const struct field *x = &a->specs[i], *y = &b->specs[i];
        if (strcmp(x->name, y->name) || x->type != y->type || x->id != y->id ||
            x->value != y->value)
            return arena_print(&t->arena, "specialisation constant '%s'", x->name);
    }
    return NULL;
}

void reflect_shader(struct tool *t, struct shader *s) {
    for (uint32_t i = 0; i < s->n_variants; i++) {
        struct variant *v = &s->variants[i];
        const unsigned errors = t->n_errors;
        struct module m = {.tool = t, .shader = s, .variant = v};
        m.words = read_words(t, v->named_path);
        if (s->broken || !read_module(&m)) return;
        const struct contract c = read_contract(&m);
        check_names_unique(&m, &c);
        if (t->n_errors != errors) return; /* the other variants would only repeat it */
        if (i == 0) s->contract = c;
        const char *odd = difference(t, &s->contract, &c);
        if (odd) BROKEN(&m, "all variants must have one interface, and this differs: %s", odd);
    }
}
