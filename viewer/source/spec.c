/* Needs POSIX for stat() and getenv() of DISPLAY. */
#define _POSIX_C_SOURCE 200809L
#include "spec.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "source.h"
#include "words.h"

static bool begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

/* "camera", "camera:3" */
static bool is_camera(const char *text, int *n) {
    if (!begins(text, "camera") || (text[6] && text[6] != ':')) return false;
    *n = 0;
    if (!text[6]) return true;
    const char *digits = text + 7;
    if (!*digits || strlen(digits) > 3 || strspn(digits, "0123456789") != strlen(digits))
        return false;
    *n = atoi(digits);
    return true;
}

/* Length of the name before "://" or ":", 0 when there is none. */
static size_t scheme(const char *text) {
    size_t n = 0;
    while (isalnum((unsigned char)text[n]) || text[n] == '_' || text[n] == '+' || text[n] == '-')
        n++;
    return n > 0 && text[n] == ':' ? n : 0;
}

static bool is_url(const char *text) {
    const size_t n = scheme(text);
    return n > 1 && begins(text + n, "://");
}

static bool fail(char *words, int cap, const char *fmt, const char *text) {
    snprintf(words, (size_t)cap, fmt, text);
    words_mend(words); /* names were cut, and may be of any coding */
    return false;
}

static bool take(struct spec *out, const char *format, const char *argument, char *words, int cap) {
    const int n = snprintf(out->argument, sizeof out->argument, "%s", argument);
    if (n < 0 || (size_t)n >= sizeof out->argument)
        return fail(words, cap, "%.80s...: this name of a source is too long", argument);
    snprintf(out->format, sizeof out->format, "%s", format);
    return true;
}

static bool take_screen(struct spec *out, const char *display, char *words, int cap) {
    if (!*display) display = getenv("DISPLAY");
    if (!display || !*display)
        return fail(words, cap, "%s: DISPLAY is not set, so there is no screen to look at", "x11:");
    *out = (struct spec){.kind = SPEC_SCREEN, .camera = -1, .live = true};
    return take(out, "x11grab", display, words, cap);
}

static bool take_input(struct spec *out, const char *text, char *words, int cap) {
    const size_t n = scheme(text);
    char format[SPEC_NAME];
    if (n >= sizeof format)
        return fail(words, cap, "%.80s: there is neither such a file nor such an input", text);
    memcpy(format, text, n);
    format[n] = '\0';
    const bool made = strcmp(format, "lavfi") == 0; /* as fast as it is read */
    *out = (struct spec){.kind = SPEC_INPUT, .camera = -1, .live = !made, .paced = made};
    return take(out, format, text + n + 1, words, cap);
}

static bool take_url(struct spec *out, const char *text, char *words, int cap) {
    /* What comes over HTTP may be a film: it is live where it turns out to have no length. */
    const bool file = begins(text, "http://") || begins(text, "https://") || begins(text, "file:");
    *out = (struct spec){.kind = SPEC_URL, .camera = -1, .live = !file, .paced = file};
    return take(out, "", text, words, cap);
}

static bool take_path(struct spec *out, const char *text, char *words, int cap) {
    struct stat st;
    if (stat(text, &st) != 0) {
        char why[SOURCE_WORDS];
        snprintf(why, sizeof why, "%.160s: %s", text, strerror(errno));
        return fail(words, cap, "%s", why);
    }
    if (S_ISDIR(st.st_mode)) return fail(words, cap, "%.160s: this is a folder, not a video", text);
    if (S_ISCHR(st.st_mode)) {
        *out = (struct spec){.kind = SPEC_CAMERA, .camera = -1, .live = true};
        return take(out, "video4linux2,v4l2", text, words, cap);
    }
    const bool pipe = !S_ISREG(st.st_mode);
    *out = (struct spec){.kind = SPEC_FILE, .camera = -1, .live = pipe, .paced = !pipe};
    return take(out, "", text, words, cap);
}

bool spec_parse(struct spec *out, const char *text, char *words, int cap) {
    struct stat st;
    int n = 0;
    if (!text || !*text) return fail(words, cap, "%s", "no source was named");
    if (strcmp(text, "-") == 0) text = "/dev/stdin";
    const bool named = stat(text, &st) == 0;
    if (named && S_ISCHR(st.st_mode) && strcmp(text, "/dev/stdin") == 0)
        return fail(words, cap, "%s: standard input is a terminal or a device, not a film", text);
    if (named) return take_path(out, text, words, cap);
    if (is_camera(text, &n)) {
        *out = (struct spec){.kind = SPEC_CAMERA, .camera = n, .live = true};
        return take(out, "video4linux2,v4l2", "", words, cap);
    }
    if (begins(text, "/dev/video")) { /* not there now; may be plugged in */
        *out = (struct spec){.kind = SPEC_CAMERA, .camera = -1, .live = true};
        return take(out, "video4linux2,v4l2", text, words, cap);
    }
    if (strcmp(text, "test") == 0)
        return take_input(out, "lavfi:testsrc2=size=640x480:rate=30", words, cap);
    if (begins(text, "x11:")) return take_screen(out, text + 4, words, cap);
    if (is_url(text)) return take_url(out, text, words, cap);
    if (scheme(text) > 1) return take_input(out, text, words, cap);
    return take_path(out, text, words, cap);
}

bool source_spec_is_video(const char *spec) {
    struct stat st;
    struct spec parsed;
    char words[SOURCE_WORDS];
    if (!spec || !*spec) return false;
    if (stat(spec, &st) != 0) {
        /* The words of a screen without DISPLAY are the source's to say. */
        if (begins(spec, "x11:")) return true;
        return spec_parse(&parsed, spec, words, sizeof words);
    }
    if (S_ISDIR(st.st_mode)) return false;
    return !source_spec_is_still(spec);
}
