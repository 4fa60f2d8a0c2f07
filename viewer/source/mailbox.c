#define _POSIX_C_SOURCE 200809L
#include "mailbox.h"

#include <time.h>

bool mailbox_open(struct mailbox *m, void (*drop)(void *item)) {
    *m = (struct mailbox){.drop = drop};
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr) != 0) return false;
    /* Waits must not notice when somebody sets the time of day. */
    const bool made = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
                      pthread_cond_init(&m->changed, &attr) == 0;
    pthread_condattr_destroy(&attr);
    if (!made) return false;
    if (pthread_mutex_init(&m->lock, NULL) == 0) return true;
    pthread_cond_destroy(&m->changed);
    return false;
}

void mailbox_close(struct mailbox *m) {
    for (int i = 0; i < MAILBOX_READERS; i++)
        if (m->slots[i].item) m->drop(m->slots[i].item);
    pthread_cond_destroy(&m->changed);
    pthread_mutex_destroy(&m->lock);
}

void mailbox_put(struct mailbox *m, void *const items[MAILBOX_READERS]) {
    void *old[MAILBOX_READERS];
    pthread_mutex_lock(&m->lock);
    m->put++;
    for (int i = 0; i < MAILBOX_READERS; i++) {
        old[i] = m->slots[i].item;
        m->slots[i].item = items[i];
        if (old[i]) m->slots[i].replaced++;
    }
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
    for (int i = 0; i < MAILBOX_READERS; i++)
        if (old[i]) m->drop(old[i]);
}

void *mailbox_take(struct mailbox *m, int reader) {
    pthread_mutex_lock(&m->lock);
    struct mailbox_slot *slot = &m->slots[reader];
    void *item = slot->item;
    slot->item = NULL;
    if (item) slot->taken++;
    if (item) pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
    return item;
}

/* Until the reader's slot is full, or empty. Returns whether it is full. */
static bool wait_until(struct mailbox *m, int reader, bool full, int timeout_ms) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += timeout_ms % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&m->lock);
    int late = 0;
    while ((m->slots[reader].item != NULL) != full && !m->over && late == 0)
        late = pthread_cond_timedwait(&m->changed, &m->lock, &until);
    const bool there = m->slots[reader].item != NULL;
    pthread_mutex_unlock(&m->lock);
    return there;
}

bool mailbox_wait(struct mailbox *m, int reader, int timeout_ms) {
    return wait_until(m, reader, true, timeout_ms);
}

bool mailbox_wait_taken(struct mailbox *m, int reader, int timeout_ms) {
    return !wait_until(m, reader, false, timeout_ms);
}

void mailbox_set_over(struct mailbox *m, bool over) {
    pthread_mutex_lock(&m->lock);
    m->over = over;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
}

void mailbox_counts(struct mailbox *m, struct mailbox_counts *out) {
    pthread_mutex_lock(&m->lock);
    out->put = m->put;
    for (int i = 0; i < MAILBOX_READERS; i++) {
        out->taken[i] = m->slots[i].taken;
        out->replaced[i] = m->slots[i].replaced;
        out->waiting[i] = m->slots[i].item != NULL;
    }
    pthread_mutex_unlock(&m->lock);
}
