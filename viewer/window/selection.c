#include "selection.h"

#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A program may take its time to make a picture; and between pieces. */
enum { FIRST_MS = 8000, PIECE_MS = 4000, PIECE_LONGS = 1 << 16 };

const char *const selection_types[SELECTION_TYPES] = {
    "image/png",     "image/jpeg",  "image/bmp", "image/x-portable-pixmap",
    "text/uri-list", "UTF8_STRING", "TEXT",      "STRING"};

struct asking {
    Display *display;
    Window window;
    Atom clipboard, property, incr, targets, types[SELECTION_TYPES];
    size_t most;
};

/* ---- waiting --------------------------------------------------------------------------------- */

static long now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static Bool is_awaited(Display *display, XEvent *event, XPointer wanted) {
    (void)display;
    const struct {
        int type;
        Atom property;
    } *w = (const void *)wanted;
    if (event->type != w->type) return False;
    if (w->type == SelectionNotify) return True;
    return event->xproperty.atom == w->property && event->xproperty.state == PropertyNewValue;
}

/* The next event of this kind; false: it does not come. */
static bool await(const struct asking *a, int type, int ms, XEvent *event) {
    struct {
        int type;
        Atom property;
    } wanted = {type, a->property};
    const long until = now_ms() + ms;
    for (;;) {
        if (XCheckIfEvent(a->display, event, is_awaited, (XPointer)&wanted)) return true;
        const long left = until - now_ms();
        if (left <= 0) return false;
        struct pollfd p = {.fd = ConnectionNumber(a->display), .events = POLLIN};
        poll(&p, 1, left < 100 ? (int)left : 100);
    }
}

/* ---- properties ------------------------------------------------------------------------------ */

static bool append(struct selection *out, const void *data, size_t n) {
    unsigned char *more = realloc(out->bytes, out->n + n + 1);
    if (!more) return false;
    out->bytes = more;
    memcpy(more + out->n, data, n);
    out->n += n;
    more[out->n] = '\0';
    return true;
}

/* The property's bytes to the end of out, in pieces; then it is deleted. *type: what it holds. */
static bool take_property(const struct asking *a, Atom *type, struct selection *out) {
    unsigned long items, after = 1;
    int format;
    for (long at = 0; after > 0; at += PIECE_LONGS) {
        unsigned char *data = NULL;
        if (XGetWindowProperty(a->display, a->window, a->property, at, PIECE_LONGS, False,
                               AnyPropertyType, type, &format, &items, &after, &data) != Success)
            return false;
        const size_t bytes = items * (format == 32 ? sizeof(long) : (size_t)format / 8);
        const bool kept = out->n + bytes <= a->most && (!bytes || append(out, data, bytes));
        XFree(data);
        if (!kept) return false;
    }
    XDeleteProperty(a->display, a->window, a->property);
    XFlush(a->display);
    return true;
}

static void drop(struct selection *out) {
    free(out->bytes);
    *out = (struct selection){0};
}

/* Piece after piece until an empty one (INCR, ICCCM 2.7.2). */
static bool take_pieces(const struct asking *a, struct selection *out) {
    for (;;) {
        XEvent event;
        Atom type;
        const size_t before = out->n;
        if (!await(a, PropertyNotify, PIECE_MS, &event) || !take_property(a, &type, out))
            return false;
        if (out->n == before) return true;
    }
}

/* The selection as this type. False: its owner does not give it. */
static bool convert(const struct asking *a, Atom type, struct selection *out) {
    XEvent event;
    Atom got = None;
    XDeleteProperty(a->display, a->window, a->property);
    XConvertSelection(a->display, a->clipboard, type, a->property, a->window, CurrentTime);
    XFlush(a->display);
    const bool answered = await(a, SelectionNotify, FIRST_MS, &event);
    /* What was written before the answer is no piece that comes after it. */
    XEvent old;
    while (XCheckTypedWindowEvent(a->display, a->window, PropertyNotify, &old)) {}
    if (!answered || event.xselection.property == None || !take_property(a, &got, out)) {
        drop(out);
        return false;
    }
    if (got != a->incr) return true;
    drop(out);
    if (take_pieces(a, out)) return true;
    drop(out);
    return false;
}

/* ---- all ------------------------------------------------------------------------------------- */

static bool offers(const struct selection *targets, Atom type) {
    const Atom *list = (const Atom *)(const void *)targets->bytes;
    for (size_t i = 0; i < targets->n / sizeof *list; i++)
        if (list[i] == type) return true;
    return false;
}

static void read_best(const struct asking *a, struct selection *out) {
    struct selection targets = {0};
    const bool listed = convert(a, a->targets, &targets);
    for (int i = 0; i < SELECTION_TYPES && !out->bytes; i++) {
        if (listed && !offers(&targets, a->types[i])) continue;
        if (!convert(a, a->types[i], out) || !out->n) {
            drop(out);
            continue;
        }
        out->picture = i < SELECTION_PICTURES;
    }
    free(targets.bytes);
    if (!out->bytes) out->why = "There is nothing in the clipboard that can be pasted here.";
}

void selection_read(size_t most, struct selection *out) {
    struct asking a = {.display = XOpenDisplay(NULL), .most = most};
    *out = (struct selection){0};
    if (!a.display) {
        out->why = "There is no X11 display to paste from.";
        return;
    }
    a.window = XCreateSimpleWindow(a.display, DefaultRootWindow(a.display), 0, 0, 1, 1, 0, 0, 0);
    XSelectInput(a.display, a.window, PropertyChangeMask);
    a.clipboard = XInternAtom(a.display, "CLIPBOARD", False);
    a.property = XInternAtom(a.display, "VIDI_PASTE", False);
    a.incr = XInternAtom(a.display, "INCR", False);
    a.targets = XInternAtom(a.display, "TARGETS", False);
    for (int i = 0; i < SELECTION_TYPES; i++)
        a.types[i] = XInternAtom(a.display, selection_types[i], False);
    if (XGetSelectionOwner(a.display, a.clipboard) == None)
        out->why = "The clipboard is empty.";
    else
        read_best(&a, out);
    XDestroyWindow(a.display, a.window);
    XCloseDisplay(a.display);
}
