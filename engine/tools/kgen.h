/* kgen.h - the parts of kgen: shaders in, their C contract out.
 *
 *     source  reads a shader's `//!` lines and lists its variants
 *     compile runs glslc over every variant, a few at a time, with a cache on disk
 *     reflect reads the unoptimised SPIR-V and holds it against the house rules
 *     emit    writes kernels.h and kernels.c
 *
 * Every failure is one line on stderr, `kgen: FILE [VARIANT]: what rule, and where`; all shaders
 * are looked at before kgen gives up. All memory is in tool.arena and lives as long as the tool. */
#ifndef VD_KGEN_H
#define VD_KGEN_H
#include "base/arena.h"

enum { MAX_AXES = 3, MAX_VALUES = 32, MAX_BINDINGS = 16, MAX_PUSH = 32, MAX_SPECS = 32 };
enum { MAX_PUSH_BYTES = 128, MAX_INOUT = MAX_BINDINGS };

struct tool {
    struct vd_ctx ctx;
    struct arena arena;
    const char *glslc;   /* program */
    const char *shaders; /* folder: its *.comp, and where #include "common/x.glsl" is found */
    const char *out, *cache;
    const char *compiler; /* what `glslc --version` says: part of every cache key */
    unsigned jobs;        /* compilers at a time */
    unsigned n_errors;
};

struct axis {
    const char *name;
    const char *values[MAX_VALUES];
    uint32_t n_values;
};

enum scalar { SCALAR_UINT, SCALAR_INT, SCALAR_FLOAT };

struct field { /* a push constant, or a specialisation constant */
    const char *name;
    enum scalar type;
    uint32_t id, value; /* of a specialisation constant */
};

struct binding {
    const char *name; /* of the array in the block, or of the texel buffer */
    bool reads, writes;
    bool texels; /* a buffer of uvec4 that is read through a view: readonly uimageBuffer */
};

struct contract { /* what a kernel's C callers see; the same in all variants */
    struct binding bindings[MAX_BINDINGS];
    struct field push[MAX_PUSH], specs[MAX_SPECS];
    uint32_t n_bindings, n_push, n_specs;
};

struct words {
    uint32_t *data;
    uint32_t n;
};

struct variant {
    const char *name;              /* "q8_0.f32", "" without axes */
    const char *defines[MAX_AXES]; /* "-DW_q8_0=1" */
    const char *named_path, *path; /* cached SPIR-V: with names, and optimised */
};

struct shader {
    const char *path, *name, *purpose; /* file; its stem; first `//!` line */
    uint64_t hash;                     /* of the text and of everything it includes */
    struct axis axes[MAX_AXES];
    uint32_t n_axes, needs;
    const char *inout[MAX_INOUT];
    uint32_t n_inout;
    struct variant *variants;
    uint32_t n_variants;
    struct contract contract;
    bool broken;   /* a variant did not compile: said once, and the rest is not tried */
    bool left_out; /* the compiler does not know an extension that an optional shader asks for */
};

struct shader_list {
    struct shader *items;
    uint32_t n, cap;
};

/* Prints the line above and counts it. variant may be NULL. */
void complain(struct tool *t, const struct shader *s, const struct variant *v, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* NULL when it cannot be read. There is a NUL behind the last byte; len may be NULL. */
char *file_text(struct tool *t, const char *path, size_t *len);
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t len);
enum { HASH_START = 0x1505 };

/* Every *.comp under tool.shaders, sorted by name, with variants (names and defines). */
void find_shaders(struct tool *t, struct shader_list *list);
/* The names of enum kernel_needs, in order of bits; ends with NULL. */
extern const char *const need_words[];
extern const char *const need_names[];

/* Fills named_path and path of every variant; sets left_out. */
void compile_all(struct tool *t, struct shader_list *list);

/* Reads SPIR-V words from a file; n == 0 when that fails. */
struct words read_words(struct tool *t, const char *path);
/* Fills s->contract and complains about every broken rule. */
void reflect_shader(struct tool *t, struct shader *s);

/* Writes tool.out/kernels.h and kernels.c, each only when its text changed. */
void emit_all(struct tool *t, const struct shader_list *list);
#endif
