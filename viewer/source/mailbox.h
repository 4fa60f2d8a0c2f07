/* mailbox.h - the newest thing for each of several readers; nothing queues.
 *
 * One writer puts an item for every reader at once; what a reader did not take in time is dropped
 * and counted. All calls from any thread. */
#ifndef MAILBOX_H
#define MAILBOX_H
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { MAILBOX_READERS = 2 };

struct mailbox_slot {
    void *item;               /* NULL: nothing waits */
    uint64_t taken, replaced; /* taken + replaced + (item ? 1 : 0) == put of the mailbox */
};

struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    void (*drop)(void *item);
    uint64_t put;
    bool over; /* nothing more is to come: nobody waits */
    struct mailbox_slot slots[MAILBOX_READERS];
};

struct mailbox_counts {
    uint64_t put, taken[MAILBOX_READERS], replaced[MAILBOX_READERS];
    bool waiting[MAILBOX_READERS];
};

/* drop: frees an item; called without the lock held. False: no memory. */
bool mailbox_open(struct mailbox *m, void (*drop)(void *item));
/* Drops what waits. Nobody may use it any more. */
void mailbox_close(struct mailbox *m);

/* One item a reader, none NULL; they belong to the mailbox from then on. */
void mailbox_put(struct mailbox *m, void *const items[MAILBOX_READERS]);
/* The newest item, which then belongs to the reader; NULL: none since the last take. */
void *mailbox_take(struct mailbox *m, int reader);
/* True: there is one to take. False: the time is up, or the mailbox is over. */
bool mailbox_wait(struct mailbox *m, int reader, int timeout_ms);
/* True: the reader has taken what there was. False: the time is up, or the mailbox is over. */
bool mailbox_wait_taken(struct mailbox *m, int reader, int timeout_ms);
/* Ends every wait now and until it is taken back; what waits can still be taken. */
void mailbox_set_over(struct mailbox *m, bool over);
/* All of one moment. */
void mailbox_counts(struct mailbox *m, struct mailbox_counts *out);
#endif
