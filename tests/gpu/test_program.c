/* Programs: barriers exactly where they are needed, replay, cancel, markers, counters, checks. */
#define _POSIX_C_SOURCE 200809L
#include "common.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "gpu/inside.h"

enum { BYTES = 4096, WORDS = BYTES / 4 };

static struct vd_span make(struct gpu *gpu, uint32_t first) {
    struct gpu_buffer *b;
    uint32_t words[WORDS];
    for (uint32_t i = 0; i < WORDS; i++) words[i] = first + i;
    assert_int_equal(gpu_buffer_new(gpu, BYTES, GPU_DEVICE, "words", &b), VIDI_OK);
    const struct vd_span s = span_of(b, 0, BYTES);
    assert_int_equal(gpu_upload(gpu, s, words, BYTES), VIDI_OK);
    return s;
}

static void holds(struct gpu *gpu, struct vd_span s, uint32_t first) {
    uint32_t words[WORDS];
    assert_int_equal(gpu_download(gpu, words, s, s.bytes), VIDI_OK);
    for (uint32_t i = 0; i < s.bytes / 4; i++) assert_int_equal(words[i], first + i);
}

static struct gpu_program *record(struct gpu_list *list, const char *name) {
    struct gpu_program *p;
    if (gpu_program_record(list, name, &p) != VIDI_OK) fail_msg("%s", gpu_ctx(list->gpu)->error);
    gpu_list_close(list);
    return p;
}

/* --- barriers --------------------------------------------------------------------------------- */

static void barriers_on(const char *device) {
    struct logged l;
    struct gpu *gpu =
        open_gpu(&l, (struct gpu_config){.device = device, .validate = true, .labels = true});
    struct vd_span s[6];
    for (uint32_t i = 0; i < 6; i++) s[i] = make(gpu, i * 10000);
    struct gpu_list list;
    gpu_list_open(&list, gpu);
    gpu_list_label(&list, "chain");
    list_copy(&list, s[0], s[1]); /* first: nothing to wait for */
    list_copy(&list, s[2], s[3]); /* apart from it */
    list_copy(&list, s[1], s[4]); /* reads what was written: barrier 1 */
    list_copy(&list, s[1], s[5]); /* reads the same again */
    list_copy(&list, s[2], s[1]); /* writes what is being read: barrier 2 */
    list_copy(&list, s[0], s[1]); /* writes what was written: barrier 3 */
    list_copy(&list, s[0], s[2]); /* apart: s[2]'s reader is behind barrier 3 */
    struct gpu_program *p = record(&list, "chain");
    assert_int_equal(gpu_program_dispatches(p), 7);
    assert_int_equal(gpu_program_barriers(p), 3);
    assert_int_equal(gpu_run(p), VIDI_OK);
    static const uint32_t want[6] = {0, 0, 0, 20000, 0, 0};
    for (int i = 0; i < 6; i++) holds(gpu, s[i], want[i]);
    close_gpu(&l, gpu);
}

static void barriers_stand_where_they_are_needed(void **state) {
    (void)state;
    on_every_device(barriers_on);
}

/* Halves of one buffer are apart; overlapping by a little is not. */
static void ranges_on(const char *device) {
    struct logged l;
    struct gpu *gpu = open_gpu(&l, (struct gpu_config){.device = device, .validate = true});
    const struct vd_span a = make(gpu, 0), b = make(gpu, 5000);
    struct gpu_list list;
    gpu_list_open(&list, gpu);
    const uint64_t half = BYTES / 2;
    list_copy(&list, span_of(a.buffer, 0, half), span_of(b.buffer, half, half));
    list_copy(&list, span_of(b.buffer, 0, half), span_of(a.buffer, half, half));
    struct gpu_program *apart = record(&list, "apart");
    assert_int_equal(gpu_program_barriers(apart), 0);
    gpu_list_open(&list, gpu);
    list_copy(&list, span_of(a.buffer, 0, half), span_of(b.buffer, 0, half));
    list_copy(&list, span_of(b.buffer, half - 256, 256), span_of(a.buffer, half, 256));
    struct gpu_program *touching = record(&list, "touching");
    assert_int_equal(gpu_program_barriers(touching), 1);
    assert_int_equal(gpu_run(apart), VIDI_OK);
    assert_int_equal(gpu_run(touching), VIDI_OK);
    holds(gpu, span_of(b.buffer, half, half), 0);
    holds(gpu, span_of(a.buffer, half, 256), (uint32_t)(half - 256) / 4);
    gpu_program_free(gpu, apart);
    gpu_program_free(gpu, NULL);
    close_gpu(&l, gpu);
}

static void spans_that_do_not_overlap_need_none(void **state) {
    (void)state;
    on_every_device(ranges_on);
}

/* --- replay and counters ---------------------------------------------------------------------- */

/* Moves a value one place on in a ring each run: order between runs shows in the result. */
static void replay_on(const char *device) {
    struct logged l;
    struct gpu *gpu = open_gpu(&l, (struct gpu_config){.device = device, .validate = true});
    struct vd_span s[3];
    for (uint32_t i = 0; i < 3; i++) s[i] = make(gpu, i * 10000);
    struct gpu_list list;
    gpu_list_open(&list, gpu);
    list_copy(&list, s[1], s[0]);
    list_copy(&list, s[2], s[1]);
    struct gpu_program *shift = record(&list, "shift");
    gpu_list_open(&list, gpu);
    list_copy(&list, s[0], s[2]);
    struct gpu_program *wrap = record(&list, "wrap");
    const struct gpu_counters before = gpu_counters(gpu);
    uint64_t ticket = 0;
    for (int i = 0; i < 8; i++) {
        assert_int_equal(gpu_submit(shift, 0, NULL, &ticket), VIDI_OK);
        assert_int_equal(gpu_submit(wrap, 0, NULL, &ticket), VIDI_OK);
    }
    assert_int_equal(gpu_wait(gpu, ticket), VIDI_OK);
    assert_int_equal(gpu_wait(gpu, ticket), VIDI_OK);
    assert_int_equal(gpu_wait(gpu, 0), VIDI_OK);
    assert_int_equal(gpu_wait(gpu, ticket + 1), VIDI_E_ARGUMENT);
    const struct gpu_counters after = gpu_counters(gpu);
    assert_int_equal(after.submissions - before.submissions, 16);
    assert_int_equal(after.recordings, before.recordings);
    assert_int_equal(after.descriptor_updates, before.descriptor_updates);
    assert_int_equal(after.buffer_allocations, before.buffer_allocations);
    /* 0 1 2 -> 1 2 1 -> 2 1 2 -> 1 2 1 ... */
    holds(gpu, s[0], 20000);
    holds(gpu, s[1], 10000);
    holds(gpu, s[2], 20000);
    gpu_program_free(gpu, shift);
    close_gpu(&l, gpu);
}

static void programs_are_replayed_in_order(void **state) {
    (void)state;
    on_every_device(replay_on);
}

/* --- cancel ----------------------------------------------------------------------------------- */

enum { STEPS = 400 };

/* Says that every dispatch is long, so that each becomes a segment of its own. */
static struct gpu_program *long_program(struct gpu *gpu, struct vd_span y) {
    struct gpu_list list;
    gpu_list_open(&list, gpu);
    for (int i = 0; i < STEPS; i++) {
        k_multiply_add(&list, 0, groups(16), .y = y, .n = WORDS, .rounds = 2000, .scale = 0.5f,
                       .shift = 1.0f);
        gpu_list_cost(&list, (uint64_t)1 << 40, 0);
    }
    return record(&list, "long");
}

static void *set_later(void *flag) {
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    atomic_store((atomic_int *)flag, 1);
    return NULL;
}

static void cancel_on(const char *device) {
    struct logged l;
    struct gpu *gpu = open_gpu(&l, (struct gpu_config){.device = device});
    struct gpu_program *p = long_program(gpu, make(gpu, 0));
    const uint64_t none = gpu_counters(gpu).submissions;
    atomic_int flag = 1;
    uint64_t ticket = 0;
    assert_int_equal(gpu_submit(p, 1e-6, &flag, &ticket), VIDI_E_CANCELLED);
    assert_int_equal(gpu_counters(gpu).submissions, none);
    assert_int_equal(gpu_wait(gpu, ticket), VIDI_OK);

    uint64_t some = 0; /* on a busy machine the flag may stand before the first is submitted */
    for (int i = 0; i < 100 && some == 0; i++) {
        atomic_store(&flag, 0);
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, set_later, &flag), 0);
        assert_int_equal(gpu_submit(p, 1e-6, &flag, &ticket), VIDI_E_CANCELLED);
        pthread_join(thread, NULL);
        some = gpu_counters(gpu).submissions - none;
    }
    assert_in_range(some, 1, STEPS - 1);
    assert_int_equal(gpu_wait(gpu, ticket), VIDI_OK);

    atomic_store(&flag, 0);
    assert_int_equal(gpu_submit(p, 1e-6, &flag, &ticket), VIDI_OK);
    assert_int_equal(gpu_wait(gpu, ticket), VIDI_OK);
    assert_int_equal(gpu_counters(gpu).submissions - none - some, STEPS);
    close_gpu(&l, gpu);
}

static void a_run_can_be_cancelled_between_submissions(void **state) {
    (void)state;
    on_every_device(cancel_on);
}

/* Once measured, short segments travel together, whatever was thought of them before. */
static void grouping_on(const char *device) {
    struct logged l;
    struct gpu *gpu = open_gpu(&l, (struct gpu_config){.device = device});
    struct gpu_program *p = long_program(gpu, make(gpu, 0));
    assert_int_equal(p->n_segments, STEPS);
    assert_int_equal(gpu_run(p), VIDI_OK);
    const uint64_t before = gpu_counters(gpu).submissions;
    assert_int_equal(gpu_run(p), VIDI_OK);
    const uint64_t now = gpu_counters(gpu).submissions - before;
    double all = 0;
    for (uint32_t i = 0; i < p->n_segments; i++) all += p->segments[i].ms;
    assert_true(all > 0);
    assert_in_range(now, 1, (uint64_t)(all / 50) + 2);
    close_gpu(&l, gpu);
}

static void measured_times_decide_how_segments_travel(void **state) {
    (void)state;
    on_every_device(grouping_on);
}

/* --- markers ---------------------------------------------------------------------------------- */

static void marker_on(const char *device) {
    struct logged l;
    struct gpu *gpu = open_gpu(&l, (struct gpu_config){.device = device, .no_stamp = true});
    const struct vd_span a = make(gpu, 0), b = make(gpu, 1);
    struct gpu_list list;
    gpu_list_open(&list, gpu);
    list_copy(&list, a, b);
    struct gpu_program *p = record(&list, "unmarked");
    uint64_t ticket;
    assert_int_equal(gpu_submit(p, 0, NULL, &ticket), VIDI_OK);
    assert_int_equal(gpu_wait(gpu, ticket), VIDI_E_DEVICE);
    assert_non_null(strstr(l.ctx.error, "marker"));
    assert_int_equal(gpu_run(p), VIDI_E_DEVICE); /* only closing is of use */
    gpu_close(gpu);
    logged_close(&l);
}

static void a_missing_marker_is_a_lost_device(void **state) {
    (void)state;
    on_every_device(marker_on);
}

/* --- profile ---------------------------------------------------------------------------------- */

static void note_timing(void *user, const struct gpu_timing *t) {
    uint32_t *n = user;
    assert_string_equal(t->kernel, "copy_words");
    assert_string_equal(t->label, *n ? "copy_words" : "first");
    assert_int_equal(t->bytes, *n ? 0 : 8192);
    assert_true(t->ms >= 0 && t->ms < 10000);
    ++*n;
}

static void profile_on(const char *device) {
    struct logged l;
    struct gpu *gpu =
        open_gpu(&l, (struct gpu_config){.device = device, .validate = true, .profile = true});
    const struct vd_span a = make(gpu, 0), b = make(gpu, 1);
    struct gpu_list list;
    gpu_list_open(&list, gpu);
    gpu_list_label(&list, "first");
    list_copy(&list, a, b);
    gpu_list_cost(&list, 8192, 0);
    gpu_list_label(&list, NULL);
    list_copy(&list, b, a);
    struct gpu_program *p = record(&list, "timed");
    uint32_t n = 0;
    assert_int_equal(gpu_program_timings(p, note_timing, &n),
                     gpu_caps(gpu)->timestamps ? VIDI_E_ARGUMENT : VIDI_E_UNSUPPORTED);
    assert_int_equal(gpu_run(p), VIDI_OK);
    if (gpu_caps(gpu)->timestamps) {
        assert_int_equal(gpu_program_timings(p, note_timing, &n), VIDI_OK);
        assert_int_equal(n, 2);
    }
    close_gpu(&l, gpu);
}

static void every_dispatch_is_timed(void **state) {
    (void)state;
    on_every_device(profile_on);
}

/* --- what a dispatch is refused for ----------------------------------------------------------- */

static void refused(struct gpu *gpu, int variant, struct vd_groups g, struct vd_span x,
                    struct vd_span y, vidi_status want, const char *words) {
    struct gpu_list list;
    struct gpu_program *p;
    gpu_list_open(&list, gpu);
    k_copy_words(&list, variant, g, .x = x, .y = y, .n = 1, .per_lane = 1);
    assert_int_equal(list.status, want);
    if (want != VIDI_OK && !strstr(gpu_ctx(gpu)->error, words))
        fail_msg("\"%s\" lacks \"%s\"", gpu_ctx(gpu)->error, words);
    gpu_list_label(&list, "later calls do nothing");
    k_copy_words(&list, 0, groups(1), .x = y, .y = y, .n = 1, .per_lane = 1);
    if (want != VIDI_OK) assert_int_equal(gpu_program_record(&list, "bad", &p), want);
    gpu_list_close(&list);
}

static void refusals_on(const char *device) {
    struct logged l;
    struct gpu *gpu = open_gpu(&l, (struct gpu_config){.device = device});
    const struct vd_span a = make(gpu, 0), b = make(gpu, 1), none = {0};
    struct gpu_buffer *x = a.buffer;
    const uint32_t *most = gpu_caps(gpu)->max_groups;
    refused(gpu, 0, groups(1), a, b, VIDI_OK, "");
    refused(gpu, 0, groups(1), none, b, VIDI_OK, ""); /* the zero buffer is read */
    refused(gpu, 1, groups(1), a, b, VIDI_E_UNSUPPORTED, "variant");
    refused(gpu, -1, groups(1), a, b, VIDI_E_UNSUPPORTED, "variant");
    refused(gpu, 0, groups(0), a, b, VIDI_E_ARGUMENT, "groups");
    refused(gpu, 0, groups(1, 0, 2), a, b, VIDI_E_ARGUMENT, "groups");
    if (most[1] < UINT32_MAX)
        refused(gpu, 0, groups(1, most[1] + 1), a, b, VIDI_E_ARGUMENT, "groups");
    refused(gpu, 0, groups(1), a, none, VIDI_E_ARGUMENT, "names no buffer");
    refused(gpu, 0, groups(1), span_of(x, 0, 0), b, VIDI_E_ARGUMENT, "empty");
    refused(gpu, 0, groups(1), span_of(x, 0, BYTES + 1), b, VIDI_E_ARGUMENT, "leaves");
    refused(gpu, 0, groups(1), span_of(x, BYTES, 4), b, VIDI_E_ARGUMENT, "leaves");
    refused(gpu, 0, groups(1), span_of(x, UINT64_MAX - 3, 8), b, VIDI_E_ARGUMENT, "leaves");
    refused(gpu, 0, groups(1), span_of(x, 4, 4), b, VIDI_E_ARGUMENT, "multiple");
    if ((kernel_table[K_matvec_texels].needs & ~gpu_caps(gpu)->has) == 0) {
        struct gpu_list texels;
        gpu_list_open(&texels, gpu);
        k_matvec_texels(&texels, 0, groups(1), .w = span_of(x, 0, 24), .y = b);
        assert_int_equal(texels.status, VIDI_E_ARGUMENT);
        assert_non_null(strstr(gpu_ctx(gpu)->error, "w = \"words\" 0 + 24 of 4096"));
        assert_non_null(strstr(gpu_ctx(gpu)->error, "whole texels"));
        gpu_list_close(&texels);
    }
    gpu->probe.caps.max_range = 1024;
    refused(gpu, 0, groups(1), a, b, VIDI_E_ARGUMENT, "longer");
    struct gpu_list list;
    struct gpu_program *p;
    gpu_list_open(&list, gpu);
    assert_int_equal(gpu_program_record(&list, "empty", &p), VIDI_E_ARGUMENT);
    gpu_dispatch(&list, kernel_count, 0, groups(1), &list);
    assert_int_equal(list.status, VIDI_E_ARGUMENT);
    gpu_list_close(&list);
    close_gpu(&l, gpu);
}

static void bad_dispatches_are_refused(void **state) {
    (void)state;
    on_every_device(refusals_on);
}

/* A kernel whose needs the device does not meet. */
static void needs_on(const char *device) {
    struct logged l;
    struct gpu *gpu = open_gpu(&l, (struct gpu_config){.device = device});
    gpu->probe.caps.has = 0;
    for (uint32_t i = 0; i < kernel_count; i++) {
        if (!kernel_table[i].needs) continue;
        struct gpu_list list;
        gpu_list_open(&list, gpu);
        char args[4096] = {0};
        gpu_dispatch(&list, i, 0, groups(1), args);
        assert_int_equal(list.status, VIDI_E_UNSUPPORTED);
        assert_non_null(strstr(l.ctx.error, kernel_table[i].name));
        gpu_list_close(&list);
    }
    close_gpu(&l, gpu);
}

static void unmet_needs_are_refused(void **state) {
    (void)state;
    on_every_device(needs_on);
}

/* Every kernel that a device can run compiles on it (the first variant; check_kernels takes all),
 * several at a time. */
static void compiles_on(const char *device) {
    struct logged l;
    struct gpu *gpu = open_gpu(&l, (struct gpu_config){.device = device, .validate = true});
    struct arena a;
    arena_open(&a, &l.ctx);
    uint32_t n = 0, cap = 0;
    struct gpu_dispatch *items = NULL;
    for (uint32_t k = 0; k < kernel_count; k++) {
        const struct kernel *kernel = &kernel_table[k];
        if (kernel->needs & ~gpu_caps(gpu)->has) continue;
        uint32_t *specs = arena_new(&a, uint32_t, kernel->n_specs);
        for (uint32_t i = 0; i < kernel->n_specs; i++) specs[i] = kernel->specs[i].value;
        if (n == cap) items = arena_grow(&a, items, &cap, sizeof *items);
        items[n++] = (struct gpu_dispatch){.kernel = k, .specs = specs};
    }
    uint32_t *index = arena_new(&a, uint32_t, n);
    if (pipelines_prepare(gpu, items, n, index) != VIDI_OK) fail_msg("%s", l.ctx.error);
    const uint32_t made = gpu->pipelines.n;
    assert_int_equal(pipelines_prepare(gpu, items, n, index), VIDI_OK);
    assert_int_equal(gpu->pipelines.n, made); /* found again, not made anew */
    arena_close(&a);
    close_gpu(&l, gpu);
}

static void every_kernel_compiles(void **state) {
    (void)state;
    on_every_device(compiles_on);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(barriers_stand_where_they_are_needed),
        cmocka_unit_test(spans_that_do_not_overlap_need_none),
        cmocka_unit_test(programs_are_replayed_in_order),
        cmocka_unit_test(a_run_can_be_cancelled_between_submissions),
        cmocka_unit_test(measured_times_decide_how_segments_travel),
        cmocka_unit_test(a_missing_marker_is_a_lost_device),
        cmocka_unit_test(every_dispatch_is_timed),
        cmocka_unit_test(bad_dispatches_are_refused),
        cmocka_unit_test(unmet_needs_are_refused),
        cmocka_unit_test(every_kernel_compiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
