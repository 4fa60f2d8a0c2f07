/* source.h - pictures that move: cameras, screens, video files, streams and test patterns.
 *
 *     struct source *s = source_open(&(struct source_config){.spec = "camera", .wake = poke});
 *     struct frame *f = source_take(s, SOURCE_UI);     // the newest one, or NULL
 *     struct frame_view v;
 *     if (f && frame_view(f, &v)) upload(v.planes, v.strides);
 *     frame_release(f);
 *     source_close(s);
 *
 * A source has a thread of its own that reads all frames as they come and keeps the newest one for
 * each consumer, apart from one another. What nobody took in time is replaced, never queued.
 *
 * What a spec may be:
 *     camera, camera:N       the first, the N-th (from 0) of source_list_cameras()
 *     /dev/videoN            this camera
 *     a path, a URL          whatever FFmpeg plays; a path wins over every other reading. No local
 *                            file is a playlist: what it names is not opened
 *     -                      standard input
 *     x11:, x11::97          the whole screen of $DISPLAY, of display :97
 *     test                   a moving test picture, as lavfi:testsrc2
 *     format:argument        one of FFmpeg's inputs by name: lavfi:testsrc2=size=640x480:rate=30
 *
 * Threads: source_open(), source_close() and source_restart() belong to one thread; everything else
 * may be called from any. A frame belongs to who took it. No SDL in here. */
#ifndef SOURCE_H
#define SOURCE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source;

enum source_state {
    SOURCE_OPENING,  /* no frame yet */
    SOURCE_RUNNING,  /* frames come */
    SOURCE_RETRYING, /* it broke down and is opened again after a pause; the last frame stays */
    SOURCE_ENDED,    /* the file is over; the last frame stays */
    SOURCE_FAILED    /* given up until source_restart() */
};

/* Each has a mailbox of its own: one thread's taking does not concern the other. */
enum source_consumer { SOURCE_UI, SOURCE_ENGINE, SOURCE_CONSUMERS };

enum { SOURCE_WORDS = 320 };

struct source_config {
    const char *spec; /* copied */
    bool loop;        /* a file begins again when it is over, instead of ending */
    /* How often in a row a source that broke down is opened again, after 0.25, 0.5, 1, 2, 4, 4, ...
     * seconds; below 0: for ever. What cannot get better by itself (a missing file, an unknown
     * format) fails at once when it never ran. */
    int retries;
    bool held; /* a film shows its first frame, and its clock waits for source_go() */
    /* Above 0: a film is stepped through instead of played, so many frames a second of its own
     * time: each waits until SOURCE_ENGINE has taken the one before, and none is replaced. What is
     * live has no steps. */
    double steps;
    bool patient; /* the same also for a camera, a screen or a stream that never opened */
    /* A new frame or another state: called on the source's thread, often; must not block and must
     * not call this source. NULL: nobody. Not called after source_close() returned. */
    void (*wake)(void *user);
    void *user;
};

struct source_status {
    enum source_state state;
    char words[SOURCE_WORDS]; /* one sentence for the state, with the cause where it is a bad one */
    char format[64];          /* what runs, as "mjpeg 1280x720, 30 frames/s"; "" before the first */
    int width, height;        /* of the newest frame, upright; 0 before the first */
    double fps;               /* measured over the last second or two; 0 when nothing comes */
    double duration_s;        /* of a file; 0: unknown or without end */
    bool live; /* a camera, a screen, a stream without length: no film and no test picture */
    uint64_t produced; /* frames since source_open() */
    /* Of those, per consumer: taken + replaced + waiting == produced. */
    struct {
        uint64_t taken, replaced;
        bool waiting; /* one is there to take */
    } consumer[SOURCE_CONSUMERS];
    unsigned restarts; /* how often it was opened again, by itself or by source_restart() */
};

/* False: this build has no video; source_open() then gives a source that has failed and says so. */
bool source_available(void);

/* Returns at once; what becomes of it stands in its status. NULL: no memory, or no thread. */
struct source *source_open(const struct source_config *cfg);
/* Within a second, in whatever it is doing. Frames that were taken stay good. NULL is fine. */
void source_close(struct source *s);
/* Opens it again from the start: what was given up, what has ended; or at once instead of after the
 * pause of a retry. Does nothing while it opens or runs. */
void source_restart(struct source *s);
/* Lets a film that was held go on. Does nothing for what is live or was not held. */
void source_go(struct source *s);
void source_status(struct source *s, struct source_status *out);
/* How the source is called in sentences: without passwords, in UTF-8. Lives as long as the source.
 */
const char *source_name(const struct source *s);
const char *source_state_name(enum source_state state); /* "opening", "running", ... */

/* The newest frame since the last take; NULL when there is none. frame_release() it. */
struct frame *source_take(struct source *s, enum source_consumer who);
/* Waits until there is a frame to take (true), or until the timeout (false), or until the source
 * has ended or failed (false). */
bool source_wait(struct source *s, enum source_consumer who, int timeout_ms);

/* The clock of frame.t_ms: milliseconds that only go forward. */
int64_t source_now_ms(void);

/* ---- frames ---- */

/* The head of a frame; the pixels are behind it. */
struct frame {
    uint64_t id;       /* 1, 2, 3, ... of its source, also over restarts */
    int64_t t_ms;      /* when it arrived, or was due in its film; by source_now_ms() */
    int64_t film_ms;   /* its place in the film; below 0: it is live, or the film does not say */
    int width, height; /* as it should be seen: upright, with square pixels */
};

enum frame_format {
    FRAME_IYUV, /* Y, U, V: three planes; U and V of half width and height, rounded up */
    FRAME_NV12, /* Y and UV: two planes */
    FRAME_YUY2, /* one plane: Y0 U Y1 V */
    FRAME_BGRA, /* one plane: B G R A in memory (SDL_PIXELFORMAT_BGRA32); A is to be ignored */
    FRAME_RGB24 /* one plane: R G B in memory */
};
enum frame_matrix { FRAME_BT601, FRAME_BT709, FRAME_BT2020 };

struct frame_view {
    enum frame_format format;
    const uint8_t *planes[3]; /* NULL: not of this format */
    int strides[3];           /* bytes a row, never below 0 */
    int width, height;        /* as stored: before turning, and of pixels that may not be square */
    int turn;                 /* clockwise by 0, 90, 180 or 270 degrees to see it upright */
    bool full_range;          /* of YUV: 0..255; else Y is 16..235 */
    enum frame_matrix matrix; /* of YUV */
};

/* The pixels as they came where they have one of the formats above; else they are converted, once a
 * frame. Good until frame_release(). One thread at a time. False: no memory. */
bool frame_view(struct frame *f, struct frame_view *out);
/* RGB, [height][width][3] of frame.height and frame.width, without gaps; turned upright, squared
 * and on demand mirrored left to right. `bytes` is checked to be width * height * 3. One thread at
 * a time. False: no memory. */
bool frame_rgb(struct frame *f, uint8_t *rgb, size_t bytes, bool mirror);
/* Another hold on the same pixels, for another thread; release each. NULL: no memory. */
struct frame *frame_hold(const struct frame *f);
void frame_release(struct frame *f); /* NULL is fine */

/* How a frame looks from far away: mean brightness of 32 x 32 fields. */
struct frame_thumb {
    uint8_t luma[32 * 32];
    bool valid; /* false: nothing looked at yet, which differs from everything */
};
void frame_thumb(struct frame *f, struct frame_thumb *out);
/* A person would notice: something moved or the light changed. Noise does not count. */
bool source_frame_changed(const struct frame_thumb *before, const struct frame_thumb *now);

/* ---- what there is ---- */

/* False for a picture file that stands still and for a path where nothing is; true for all that
 * source_open() may be asked to play. */
bool source_spec_is_video(const char *spec);
/* A file of a picture that stands still, by its first bytes: vidi_image_read() reads it better. */
bool source_spec_is_still(const char *spec);

struct source_camera {
    char name[128]; /* "Integrated Camera" */
    char spec[32];  /* "/dev/video0" */
};
/* Looks anew each time. Cameras that have several device files are listed once. Returns how many
 * there are, of which at most cap are written. */
int source_list_cameras(struct source_camera *out, int cap);
#endif
