#include "complaint.h"

#include <libavutil/log.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The one thing here that is not in somebody's struct: the log has no other address. */
static _Thread_local char heard[200];

static void on_log(void *who, int level, const char *fmt, va_list args) {
    (void)who;
    if (level > AV_LOG_ERROR || heard[0]) return;
    vsnprintf(heard, sizeof heard, fmt, args);
    /* A line may come in pieces, and end in a full stop or a colon. */
    size_t n = strlen(heard);
    while (n > 0 && strchr("\n\r .:", heard[n - 1])) heard[--n] = '\0';
}

static void install(void) { av_log_set_callback(on_log); }

void complaint_reset(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
    heard[0] = '\0';
}

const char *complaint_heard(void) { return heard; }
