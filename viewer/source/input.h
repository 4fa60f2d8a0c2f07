/* input.h - one opened input of FFmpeg: decoded frames, one after the other. Blocks; one thread. */
#ifndef INPUT_H
#define INPUT_H
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <stdatomic.h>

#include "source.h"
#include "spec.h"

struct failure {
    char words[SOURCE_WORDS]; /* one sentence */
    bool hopeless;            /* trying again changes nothing */
};

struct input {
    const struct spec *spec;
    const char *name;        /* how the source is called in sentences */
    const atomic_bool *stop; /* set from outside: what blocks comes back soon */
    int64_t deadline;        /* by source_now_ms(); 0: none */
    AVFormatContext *format;
    AVCodecContext *decoder;
    AVPacket *packet;
    int stream;
    bool live;  /* once it is open: frames come when they come, and nobody waits for a reader */
    bool paced; /* ... and they come faster than they are meant to be seen */
    int64_t arrived_ms; /* when the newest packet was read, by source_now_ms() */
    int turn;           /* clockwise, to see it upright */
    int skip;           /* frames of a camera that wakes up, still to be dropped */
    uint64_t frames;    /* decoded since it was opened or rewound */
    bool drained;       /* the decoder was told that no more comes */
};

enum input_result { INPUT_FRAME, INPUT_END, INPUT_FAILED };

/* The first four members of `in` are set by the caller. On failure everything is closed again. */
bool input_open(struct input *in, struct failure *why);
void input_close(struct input *in);
/* The next frame, with its colour range, matrix and pixel aspect filled in. A frame that is damaged
 * is left out. INPUT_FAILED also when `stop` was set. */
enum input_result input_read(struct input *in, AVFrame *frame, struct failure *why);
/* Back to the first frame. False: it has to be opened anew. */
bool input_rewind(struct input *in);
/* When a frame is meant to be seen, in milliseconds of the input's own time; below 0: it does not
 * say. */
int64_t input_time_ms(const struct input *in, const AVFrame *frame);
/* "h264 1280x720, 30 frames/s" */
void input_describe(const struct input *in, char *text, size_t cap);
double input_duration_s(const struct input *in);
#endif
