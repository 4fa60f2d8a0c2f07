#define _POSIX_C_SOURCE 200809L
#include "input.h"

#include <errno.h>
#include <libavdevice/avdevice.h>
#include <libavutil/avstring.h>
#include <libavutil/bprint.h>
#include <libavutil/display.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "complaint.h"

enum {
    OPEN_MS = 15000,         /* for a stream to answer */
    READ_MS = 8000,          /* for the next frame of what is live */
    WAKING_FRAMES = 4,       /* black or badly exposed, of a camera */
    MAX_PIXELS = 64000000,   /* as of still pictures */
    AGAIN_MS = 4,            /* between two looks at a camera that has nothing yet */
    DAMAGED_IN_A_ROW = 1000, /* packets without a frame, after which it is no video */
};

static const struct {
    const char *format, *size, *rate;
} wishes[] = {
    /* Without compression many cameras manage 10 frames a second at this size. */
    {"mjpeg", "1280x720", "30"}, {"mjpeg", "1280x720", NULL}, {"mjpeg", "640x480", NULL},
    {NULL, "1280x720", NULL},    {NULL, "640x480", NULL},     {NULL, NULL, NULL},
};
enum { N_WISHES = sizeof wishes / sizeof *wishes };

/* What makes pictures of letters and of bytes is no video when it was only guessed. */
static const char *const guessed_wrongly[] = {"tty", "bin", "xbin", "adf", "idf", "rawvideo"};

static int interrupted(void *user) {
    const struct input *in = user;
    return atomic_load(in->stop) || (in->deadline > 0 && source_now_ms() > in->deadline);
}

static void allow(struct input *in, int ms) { in->deadline = source_now_ms() + ms; }

/* What was interrupted and not stopped took too long; the last frames of it may have come since. */
static bool late(const struct input *in, int error) {
    return error == AVERROR_EXIT && !atomic_load(in->stop);
}

static bool fail(struct failure *why, bool hopeless, const char *name, const char *what) {
    snprintf(why->words, sizeof why->words, "%.150s: %.160s", name, what);
    why->hopeless = hopeless;
    return false;
}

/* Errors of the system come as its numbers, those of FFmpeg as four letters. */
static bool of_system(int error) { return error < 0 && error > -1000; }

static bool fail_error(const struct input *in, struct failure *why, int error, const char *doing) {
    char text[AV_ERROR_MAX_STRING_SIZE] = "";
    char what[SOURCE_WORDS];
    av_strerror(error, text, sizeof text);
    if (late(in, error)) snprintf(text, sizeof text, "no answer in time");
    const char *heard = complaint_heard();
    const bool file = in->spec->kind == SPEC_FILE;
    if (file && !of_system(error))
        snprintf(what, sizeof what, "this is no video that can be played (%s)",
                 heard[0] ? heard : text);
    else if (!of_system(error) && heard[0])
        snprintf(what, sizeof what, "%s (%s)", doing, heard);
    else
        snprintf(what, sizeof what, "%s (%s)", doing, text);
    return fail(why, !in->spec->live && in->spec->kind != SPEC_URL, in->name, what);
}

/* ---- opening ---- */

static bool name_camera(const struct input *in, char *path, size_t cap, struct failure *why) {
    enum { MOST = 32 };
    struct source_camera cameras[MOST];
    if (in->spec->camera < 0) {
        snprintf(path, cap, "%s", in->spec->argument);
        return true;
    }
    const int n = source_list_cameras(cameras, MOST);
    char what[64];
    snprintf(what, sizeof what, "there are %d cameras, counted from 0", n);
    if (n <= 0) return fail(why, false, in->name, "no camera was found");
    if (in->spec->camera >= n || in->spec->camera >= MOST)
        return fail(why, false, in->name, n == 1 ? "there is one camera, camera:0" : what);
    snprintf(path, cap, "%s", cameras[in->spec->camera].spec);
    return true;
}

static AVFormatContext *new_format(struct input *in) {
    AVFormatContext *format = avformat_alloc_context();
    if (!format) return NULL;
    format->interrupt_callback = (AVIOInterruptCB){.callback = interrupted, .opaque = in};
    /* A pipe may hold a short film, of which what is looked at in advance is all. */
    if (in->spec->live && in->spec->kind != SPEC_FILE) format->flags |= AVFMT_FLAG_NOBUFFER;
    /* A camera that gives nothing must not hold the thread inside the driver. */
    if (in->spec->kind == SPEC_CAMERA) format->flags |= AVFMT_FLAG_NONBLOCK;
    return format;
}

static int open_format(struct input *in, const AVInputFormat *input, const char *url,
                       AVDictionary **options) {
    in->format = new_format(in);
    if (!in->format) {
        av_dict_free(options);
        return AVERROR(ENOMEM);
    }
    complaint_reset();
    const int error = avformat_open_input(&in->format, url, input, options);
    av_dict_free(options);
    return error;
}

/* Whether another wish might be granted after this failure. */
static bool about_wish(int error) {
    return error == AVERROR(EINVAL) || error == AVERROR(EIO) || error == AVERROR(ENOSYS) ||
           !of_system(error);
}

static bool open_camera(struct input *in, const AVInputFormat *input, struct failure *why) {
    char path[SPEC_ARGUMENT];
    if (!name_camera(in, path, sizeof path, why)) return false;
    int error = AVERROR(EINVAL);
    for (int i = 0; i < N_WISHES && error < 0 && about_wish(error); i++) {
        AVDictionary *options = NULL;
        if (atomic_load(in->stop)) return fail(why, false, in->name, "closed");
        if (wishes[i].format) av_dict_set(&options, "input_format", wishes[i].format, 0);
        if (wishes[i].size) av_dict_set(&options, "video_size", wishes[i].size, 0);
        if (wishes[i].rate) av_dict_set(&options, "framerate", wishes[i].rate, 0);
        error = open_format(in, input, path, &options);
    }
    in->skip = WAKING_FRAMES;
    if (error >= 0) return true;
    return fail_error(in, why, error, "the camera cannot be opened");
}

/* What opens other files than the one that was named: playlists, scripts, halves of a pair. */
static const char *const openers[] = {
    "hls", "dash",     "concat",      "imf",   "webm_dash_manifest",
    "sdp", "avisynth", "vapoursynth", "vobsub"};

/* All formats but those, as FFmpeg's option wants them; to be freed by av_free(). */
static char *closed_formats(void) {
    AVBPrint list;
    void *state = NULL;
    av_bprint_init(&list, 0, AV_BPRINT_SIZE_UNLIMITED);
    for (const AVInputFormat *f; (f = av_demuxer_iterate(&state));) {
        bool opens = false;
        for (size_t i = 0; i < sizeof openers / sizeof *openers; i++)
            opens |= av_match_name(openers[i], f->name) > 0;
        if (!opens) av_bprintf(&list, "%s,", f->name);
    }
    char *text = NULL;
    return av_bprint_finalize(&list, &text) >= 0 ? text : NULL;
}

/* A file is played by itself: it sends nobody to the network, nor to other files. */
static bool lock_in(const struct input *in, AVDictionary **options, struct failure *why) {
    char words[SOURCE_WORDS];
    const char *path = in->spec->argument;
    if (strncmp(path, "file:", 5) == 0) path += strncmp(path, "file://", 7) == 0 ? 7 : 5;
    if (in->spec->kind == SPEC_FILE) path = in->spec->argument;
    if (!in->spec->live && spec_is_playlist(path, words, sizeof words))
        return fail(why, true, in->name, words);
    char *formats = closed_formats();
    if (!formats) return fail(why, false, in->name, "no memory to open it");
    av_dict_set(options, "protocol_whitelist", "file,crypto,data", 0);
    av_dict_set(options, "format_whitelist", formats, AV_DICT_DONT_STRDUP_VAL);
    return true;
}

static bool open_url(struct input *in, const AVInputFormat *input, struct failure *why) {
    char url[SPEC_ARGUMENT + 8];
    AVDictionary *options = NULL;
    const bool file = in->spec->kind == SPEC_FILE;
    const bool local = file || strncmp(in->spec->argument, "file:", 5) == 0;
    /* With its scheme a path may hold colons. */
    snprintf(url, sizeof url, "%s%s", file ? "file:" : "", in->spec->argument);
    if (local && !lock_in(in, &options, why)) return false;
    if (in->spec->kind == SPEC_SCREEN) av_dict_set(&options, "framerate", "30", 0);
    if (in->spec->kind == SPEC_URL) {
        av_dict_set(&options, "rtsp_flags", "prefer_tcp", 0);
        av_dict_set(&options, "overrun_nonfatal", "1", 0);
    }
    const int error = open_format(in, input, url, &options);
    return error >= 0 || fail_error(in, why, error, "it cannot be opened");
}

static bool open_input(struct input *in, struct failure *why) {
    const struct spec *spec = in->spec;
    const AVInputFormat *input = NULL;
    avdevice_register_all();
    allow(in, OPEN_MS);
    if (spec->format[0] && !(input = av_find_input_format(spec->format)))
        return fail(why, true, in->name, "there is neither such a file nor such an input");
    if (spec->kind == SPEC_CAMERA) return open_camera(in, input, why);
    return open_url(in, input, why);
}

static bool was_guessed_wrongly(const struct input *in) {
    if (in->spec->kind != SPEC_FILE) return false;
    for (size_t i = 0; i < sizeof guessed_wrongly / sizeof *guessed_wrongly; i++)
        if (strcmp(in->format->iformat->name, guessed_wrongly[i]) == 0) return true;
    return false;
}

/* The stream with the pictures, without those that are only an album's cover. */
static bool find_stream(struct input *in, struct failure *why) {
    AVFormatContext *format = in->format;
    if (was_guessed_wrongly(in))
        return fail(why, true, in->name, "this is no video that can be played");
    const int error = avformat_find_stream_info(format, NULL);
    if (error < 0) return fail_error(in, why, error, "its streams cannot be read");
    in->stream = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (in->stream < 0 || format->streams[in->stream]->disposition & AV_DISPOSITION_ATTACHED_PIC)
        return fail(why, in->spec->kind == SPEC_FILE, in->name, "there is no moving picture in it");
    for (unsigned i = 0; i < format->nb_streams; i++)
        if ((int)i != in->stream) format->streams[i]->discard = AVDISCARD_ALL;
    return true;
}

/* What comes in lumps of some seconds each, also where it has no end. */
static bool comes_in_lumps(const struct input *in) {
    static const char *const names[] = {"hls", "dash"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(in->format->iformat->name, names[i]) == 0) return true;
    return false;
}

/* An address over HTTP names a film or a camera: a film is of some length, in bytes or in time. */
static bool has_length(const struct input *in) {
    return input_duration_s(in) > 0 || (in->format->pb && avio_size(in->format->pb) > 0);
}

static void find_pace(struct input *in) {
    const bool asked = in->spec->kind == SPEC_URL && !in->spec->live;
    in->live = asked ? !has_length(in) : in->spec->live;
    in->paced = in->spec->paced && (!in->live || comes_in_lumps(in));
}

static const int32_t *display_matrix(const AVStream *stream) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)
    const AVPacketSideData *data =
        av_packet_side_data_get(stream->codecpar->coded_side_data,
                                stream->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
    return data && data->size >= 9 * sizeof(int32_t) ? (const int32_t *)(void *)data->data : NULL;
#else
    size_t size = 0;
    const uint8_t *data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
    return data && size >= 9 * sizeof(int32_t) ? (const int32_t *)(const void *)data : NULL;
#endif
}

/* Telephones film in one direction and note how they were held. */
static int turn_of(const AVStream *stream) {
    const int32_t *matrix = display_matrix(stream);
    const double against = matrix ? av_display_rotation_get(matrix) : 0;
    if (!(against >= -360 && against <= 360)) return 0;
    const int quarters = (int)(against / 90 + (against < 0 ? -0.5 : 0.5));
    return ((-quarters % 4 + 4) % 4) * 90;
}

/* FFmpeg's own decoders of VP8 and VP9 leave out the alpha that a second stream inside has. */
static const AVCodec *decoder_of(const AVStream *stream) {
    const enum AVCodecID id = stream->codecpar->codec_id;
    const AVDictionaryEntry *alpha = av_dict_get(stream->metadata, "alpha_mode", NULL, 0);
    const AVCodec *codec = NULL;
    if (alpha && strcmp(alpha->value, "1") == 0 && id == AV_CODEC_ID_VP9)
        codec = avcodec_find_decoder_by_name("libvpx-vp9");
    if (alpha && strcmp(alpha->value, "1") == 0 && id == AV_CODEC_ID_VP8)
        codec = avcodec_find_decoder_by_name("libvpx");
    return codec ? codec : avcodec_find_decoder(id);
}

static bool open_decoder(struct input *in, struct failure *why) {
    const AVStream *stream = in->format->streams[in->stream];
    const AVCodec *codec = decoder_of(stream);
    char what[128];
    snprintf(what, sizeof what, "no decoder for %.60s",
             avcodec_get_name(stream->codecpar->codec_id));
    if (!codec) return fail(why, true, in->name, what);
    in->decoder = avcodec_alloc_context3(codec);
    in->packet = av_packet_alloc();
    if (!in->decoder || !in->packet) return fail(why, false, in->name, "no memory for its decoder");
    int error = avcodec_parameters_to_context(in->decoder, stream->codecpar);
    in->decoder->max_pixels = MAX_PIXELS;
    in->decoder->pkt_timebase = stream->time_base;
    /* Threads that take a frame each hold back as many frames. */
    in->decoder->thread_count = in->live ? 1 : 2;
    if (in->live) in->decoder->flags |= AV_CODEC_FLAG_LOW_DELAY;
    complaint_reset();
    if (error >= 0) error = avcodec_open2(in->decoder, codec, NULL);
    return error >= 0 || fail_error(in, why, error, "its decoder does not start");
}

bool input_open(struct input *in, struct failure *why) {
    *in = (struct input){.spec = in->spec, .name = in->name, .stop = in->stop, .stream = -1};
    const bool found = open_input(in, why) && find_stream(in, why);
    if (found) find_pace(in);
    if (found && open_decoder(in, why)) {
        in->turn = turn_of(in->format->streams[in->stream]);
        in->deadline = 0;
        return true;
    }
    input_close(in);
    return false;
}

void input_close(struct input *in) {
    avcodec_free_context(&in->decoder);
    av_packet_free(&in->packet);
    avformat_close_input(&in->format);
}

/* ---- reading ---- */

static void doze(int ms) { nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL); }

/* The next packet of the pictures; cameras are asked again and again. */
static int next_packet(struct input *in) {
    for (;;) {
        const int error = av_read_frame(in->format, in->packet);
        if (error == AVERROR(EAGAIN)) {
            if (interrupted(in)) return AVERROR_EXIT;
            doze(AGAIN_MS);
            continue;
        }
        in->arrived_ms = source_now_ms();
        if (error < 0 || in->packet->stream_index == in->stream) return error;
        av_packet_unref(in->packet);
        if (interrupted(in)) return AVERROR_EXIT;
    }
}

/* Gives the decoder something to do. 0; or an error of the reading, AVERROR_EOF for the end. */
static int feed(struct input *in) {
    int error = next_packet(in);
    if (error == AVERROR_EOF) {
        if (in->drained) return AVERROR_EOF;
        in->drained = true;
        avcodec_send_packet(in->decoder, NULL);
        return 0;
    }
    if (error < 0) return error;
    avcodec_send_packet(in->decoder, in->packet); /* what is damaged gives no frame */
    av_packet_unref(in->packet);
    return 0;
}

static enum AVColorSpace matrix_of(const struct input *in, const AVFrame *frame) {
    static const enum AVColorSpace known[] = {AVCOL_SPC_BT709, AVCOL_SPC_BT470BG,
                                              AVCOL_SPC_SMPTE170M, AVCOL_SPC_BT2020_NCL};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (frame->colorspace == known[i]) return known[i];
    /* Unsaid: films of more lines than television once had follow the newer rule. */
    const bool film = in->spec->kind == SPEC_FILE || in->spec->kind == SPEC_URL;
    const bool high = film && frame->height > 576 && frame->color_range != AVCOL_RANGE_JPEG;
    return high ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
}

static void complete(struct input *in, AVFrame *frame) {
    AVStream *stream = in->format->streams[in->stream];
    const AVPixFmtDescriptor *pixels = av_pix_fmt_desc_get(frame->format);
    if (pixels && strncmp(pixels->name, "yuvj", 4) == 0) frame->color_range = AVCOL_RANGE_JPEG;
    frame->colorspace = matrix_of(in, frame);
    const AVRational aspect = av_guess_sample_aspect_ratio(in->format, stream, frame);
    const bool sane = aspect.num > 0 && aspect.den > 0 && aspect.num / aspect.den < 4 &&
                      aspect.den / aspect.num < 4;
    frame->sample_aspect_ratio = sane ? aspect : (AVRational){1, 1};
    frame->pts = frame->best_effort_timestamp;
}

static enum input_result read_failed(struct input *in, int error, struct failure *why) {
    if (error == AVERROR_EOF) {
        if (in->frames > 0 && !in->live) return INPUT_END;
        fail(why, in->spec->kind == SPEC_FILE, in->name,
             in->frames > 0 ? "the stream ended" : "there is no picture in it that can be decoded");
        return INPUT_FAILED;
    }
    if (late(in, error))
        fail(why, false, in->name, "no picture came for 8 seconds");
    else
        fail_error(in, why, error, "it broke off");
    return INPUT_FAILED;
}

enum input_result input_read(struct input *in, AVFrame *frame, struct failure *why) {
    int fruitless = 0;
    complaint_reset();
    in->deadline = 0;
    if (in->live) allow(in, READ_MS);
    for (;;) {
        int error = avcodec_receive_frame(in->decoder, frame);
        if (error >= 0) {
            in->frames++;
            if (in->skip > 0) {
                in->skip--;
                av_frame_unref(frame);
                continue;
            }
            complete(in, frame);
            return INPUT_FRAME;
        }
        if (error != AVERROR_EOF && ++fruitless <= DAMAGED_IN_A_ROW) error = feed(in);
        if (error < 0 || fruitless > DAMAGED_IN_A_ROW)
            return read_failed(in, error < 0 ? error : AVERROR_INVALIDDATA, why);
    }
}

bool input_rewind(struct input *in) {
    const int64_t start = in->format->start_time == AV_NOPTS_VALUE ? 0 : in->format->start_time;
    complaint_reset();
    if (av_seek_frame(in->format, -1, start, AVSEEK_FLAG_BACKWARD) < 0) return false;
    avcodec_flush_buffers(in->decoder);
    in->drained = false;
    in->frames = 0;
    return true;
}

/* ---- facts ---- */

int64_t input_time_ms(const struct input *in, const AVFrame *frame) {
    if (frame->pts == AV_NOPTS_VALUE) return -1;
    const AVStream *stream = in->format->streams[in->stream];
    const int64_t start = stream->start_time == AV_NOPTS_VALUE ? 0 : stream->start_time;
    return av_rescale_q(frame->pts - start, stream->time_base, (AVRational){1, 1000});
}

void input_describe(const struct input *in, char *text, size_t cap) {
    const AVStream *stream = in->format->streams[in->stream];
    const AVCodecParameters *par = stream->codecpar;
    const AVRational rate = stream->avg_frame_rate;
    const char *name = avcodec_get_name(par->codec_id);
    if (par->codec_id == AV_CODEC_ID_RAWVIDEO) name = av_get_pix_fmt_name(par->format);
    const int n = snprintf(text, cap, "%s %dx%d", name ? name : "raw", par->width, par->height);
    if (n > 0 && (size_t)n < cap && rate.num > 0 && rate.den > 0)
        snprintf(text + n, cap - (size_t)n, ", %.3g frames/s", av_q2d(rate));
}

double input_duration_s(const struct input *in) {
    const int64_t duration = in->format->duration;
    return duration == AV_NOPTS_VALUE || duration <= 0 ? 0 : (double)duration / AV_TIME_BASE;
}
