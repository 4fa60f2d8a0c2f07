#include "jobs.h"

#include <pthread.h>
#include <stdlib.h>

struct job {
    struct jobs *owner;
    void (*run)(void *user);
    void (*done)(void *user);
    void *user;
    struct job *next;
};

struct jobs {
    pthread_mutex_t lock;
    void (*wake)(void *user);
    void *user;
    struct job *finished, **last;
    int running;
    bool closed; /* the last job to end frees this */
};

struct jobs *jobs_open(void (*wake)(void *user), void *user) {
    struct jobs *j = calloc(1, sizeof *j);
    if (!j) return NULL;
    pthread_mutex_init(&j->lock, NULL);
    j->wake = wake;
    j->user = user;
    j->last = &j->finished;
    return j;
}

static void free_jobs(struct jobs *j) {
    pthread_mutex_destroy(&j->lock);
    free(j);
}

static void *run_job(void *user) {
    struct job *job = user;
    struct jobs *j = job->owner;
    job->run(job->user);
    pthread_mutex_lock(&j->lock);
    j->running--;
    const bool closed = j->closed, last = closed && j->running == 0;
    if (!closed) {
        *j->last = job;
        j->last = &job->next;
        j->wake(j->user);
    }
    pthread_mutex_unlock(&j->lock);
    if (closed) free(job);
    if (last) free_jobs(j);
    return NULL;
}

bool jobs_run(struct jobs *j, void (*run)(void *user), void (*done)(void *user), void *user) {
    struct job *job = malloc(sizeof *job);
    if (!job) return false;
    *job = (struct job){j, run, done, user, NULL};
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_mutex_lock(&j->lock);
    j->running++;
    pthread_mutex_unlock(&j->lock);
    pthread_t thread;
    const bool started = pthread_create(&thread, &detached, run_job, job) == 0;
    pthread_attr_destroy(&detached);
    if (started) return true;
    pthread_mutex_lock(&j->lock);
    j->running--;
    pthread_mutex_unlock(&j->lock);
    free(job);
    return false;
}

void jobs_poll(struct jobs *j) {
    pthread_mutex_lock(&j->lock);
    struct job *list = j->finished;
    j->finished = NULL;
    j->last = &j->finished;
    pthread_mutex_unlock(&j->lock);
    while (list) {
        struct job *next = list->next;
        list->done(list->user);
        free(list);
        list = next;
    }
}

bool jobs_close(struct jobs *j) {
    if (!j) return true;
    jobs_poll(j);
    pthread_mutex_lock(&j->lock);
    j->closed = true;
    const bool idle = j->running == 0;
    pthread_mutex_unlock(&j->lock);
    if (idle) free_jobs(j);
    return idle;
}
