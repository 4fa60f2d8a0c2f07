/* The newest thing wins, nothing is lost uncounted, nobody waits for what is over. */
#define _POSIX_C_SOURCE 200809L
#include "source/mailbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "source/source.h"

static atomic_int alive; /* items that nobody has freed */

static void *item(int value) {
    int *made = malloc(sizeof *made);
    assert_non_null(made);
    *made = value;
    atomic_fetch_add(&alive, 1);
    return made;
}

static void drop(void *it) {
    atomic_fetch_sub(&alive, 1);
    free(it);
}

static void put(struct mailbox *m, int value) {
    void *const items[MAILBOX_READERS] = {item(value), item(value)};
    mailbox_put(m, items);
}

/* -1: nothing was there. */
static int take(struct mailbox *m, int reader) {
    int *it = mailbox_take(m, reader);
    const int value = it ? *it : -1;
    if (it) drop(it);
    return value;
}

static void doze(int ms) {
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

static void test_newest_wins(void **state) {
    struct mailbox m;
    struct mailbox_counts c;
    (void)state;
    assert_true(mailbox_open(&m, drop));
    assert_int_equal(take(&m, 0), -1);
    for (int i = 1; i <= 3; i++) put(&m, i);
    assert_int_equal(take(&m, 0), 3);
    assert_int_equal(take(&m, 0), -1);
    mailbox_counts(&m, &c);
    assert_int_equal(c.put, 3);
    assert_int_equal(c.taken[0], 1);
    assert_int_equal(c.replaced[0], 2);
    assert_false(c.waiting[0]);
    /* What one reader does is nothing to the other. */
    assert_int_equal(c.taken[1], 0);
    assert_int_equal(c.replaced[1], 2);
    assert_true(c.waiting[1]);
    put(&m, 4);
    assert_int_equal(take(&m, 1), 4);
    put(&m, 5);
    assert_int_equal(atomic_load(&alive), 2);
    mailbox_close(&m);
    assert_int_equal(atomic_load(&alive), 0);
}

enum { MANY = 20000 };

static void *produce(void *user) {
    struct mailbox *m = user;
    for (int i = 0; i < MANY; i++) put(m, i);
    mailbox_set_over(m, true);
    return NULL;
}

static void assert_balanced(struct mailbox *m) {
    struct mailbox_counts c;
    mailbox_counts(m, &c);
    for (int i = 0; i < MAILBOX_READERS; i++)
        assert_int_equal(c.taken[i] + c.replaced[i] + (c.waiting[i] ? 1 : 0), c.put);
}

/* A fast producer, one reader that is slow and one that never comes. */
static void test_counts(void **state) {
    struct mailbox m;
    struct mailbox_counts c;
    pthread_t producer;
    int last = -1;
    (void)state;
    assert_true(mailbox_open(&m, drop));
    assert_int_equal(pthread_create(&producer, NULL, produce, &m), 0);
    while (mailbox_wait(&m, 0, 5000)) {
        const int value = take(&m, 0);
        assert_true(value > last);
        last = value;
        assert_balanced(&m);
        if (value % 7 == 0) doze(1);
    }
    pthread_join(producer, NULL);
    if (last != MANY - 1) last = take(&m, 0);
    assert_int_equal(last, MANY - 1);
    mailbox_counts(&m, &c);
    assert_int_equal(c.put, MANY);
    assert_int_equal(c.taken[0] + c.replaced[0], MANY);
    assert_int_equal(c.replaced[1], MANY - 1);
    assert_balanced(&m);
    mailbox_close(&m);
    assert_int_equal(atomic_load(&alive), 0);
}

struct waiter {
    struct mailbox *m;
    bool there;
    int64_t took_ms;
};

static void *wait_long(void *user) {
    struct waiter *w = user;
    const int64_t from = source_now_ms();
    w->there = mailbox_wait(w->m, 1, 8000);
    w->took_ms = source_now_ms() - from;
    return NULL;
}

static struct waiter waited(void (*act)(struct mailbox *m)) {
    struct mailbox m;
    struct waiter w = {.m = &m};
    pthread_t thread;
    assert_true(mailbox_open(&m, drop));
    assert_int_equal(pthread_create(&thread, NULL, wait_long, &w), 0);
    doze(60);
    act(&m);
    pthread_join(thread, NULL);
    mailbox_close(&m);
    return w;
}

static void act_over(struct mailbox *m) { mailbox_set_over(m, true); }
static void act_put(struct mailbox *m) { put(m, 1); }

static void test_waiting(void **state) {
    (void)state;
    const struct waiter ended = waited(act_over), served = waited(act_put);
    assert_false(ended.there);
    assert_true(ended.took_ms < 2000);
    assert_true(served.there);
    assert_true(served.took_ms < 2000);
}

static void test_time_is_up(void **state) {
    struct mailbox m;
    (void)state;
    assert_true(mailbox_open(&m, drop));
    const int64_t from = source_now_ms();
    assert_false(mailbox_wait(&m, 0, 120));
    assert_in_range(source_now_ms() - from, 118, 3000);
    assert_false(mailbox_wait(&m, 0, 0));
    mailbox_close(&m);
}

static void test_over(void **state) {
    struct mailbox m;
    (void)state;
    assert_true(mailbox_open(&m, drop));
    put(&m, 1);
    mailbox_set_over(&m, true);
    assert_true(mailbox_wait(&m, 0, 5000)); /* what waits can still be taken */
    assert_int_equal(take(&m, 0), 1);
    int64_t from = source_now_ms();
    assert_false(mailbox_wait(&m, 0, 5000));
    assert_true(source_now_ms() - from < 1000);
    mailbox_set_over(&m, false); /* it goes on: waits are waits again */
    from = source_now_ms();
    assert_false(mailbox_wait(&m, 0, 100));
    assert_true(source_now_ms() - from >= 98);
    mailbox_close(&m);
    assert_int_equal(atomic_load(&alive), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_newest_wins), cmocka_unit_test(test_counts),
        cmocka_unit_test(test_waiting),     cmocka_unit_test(test_time_is_up),
        cmocka_unit_test(test_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
