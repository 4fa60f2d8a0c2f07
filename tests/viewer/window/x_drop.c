/* x_drop WINDOW X Y FILE: drags a file over a window and lets go, as a file manager does (XDND
 * version 5). For tests; exit status 0: the window took it. */
#define _POSIX_C_SOURCE 200809L
#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct drag {
    Display *d;
    Window self, target;
    Atom selection, uri_list, action;
    int x, y;
    char uri[4096];
};

static Atom atom(const struct drag *g, const char *name) { return XInternAtom(g->d, name, False); }

static void tell(const struct drag *g, const char *type, long a, long b, long c, long e) {
    XEvent event = {0};
    event.xclient.type = ClientMessage;
    event.xclient.window = g->target;
    event.xclient.message_type = atom(g, type);
    event.xclient.format = 32;
    event.xclient.data.l[0] = (long)g->self;
    event.xclient.data.l[1] = a;
    event.xclient.data.l[2] = b;
    event.xclient.data.l[3] = c;
    event.xclient.data.l[4] = e;
    XSendEvent(g->d, g->target, False, NoEventMask, &event);
    XFlush(g->d);
}

static void hand_over(const struct drag *g, const XSelectionRequestEvent *r) {
    XEvent event = {0};
    XChangeProperty(g->d, r->requestor, r->property, r->target, 8, PropModeReplace,
                    (const unsigned char *)g->uri, (int)strlen(g->uri));
    event.xselection.type = SelectionNotify;
    event.xselection.requestor = r->requestor;
    event.xselection.selection = r->selection;
    event.xselection.target = r->target;
    event.xselection.property = r->property;
    event.xselection.time = r->time;
    XSendEvent(g->d, r->requestor, False, NoEventMask, &event);
    XFlush(g->d);
}

/* Until a message of this type comes, and hands the file over meanwhile. False: ten seconds. */
static int await(const struct drag *g, const char *type, long *accepted) {
    for (int i = 0; i < 1000; i++) {
        while (XPending(g->d)) {
            XEvent e;
            XNextEvent(g->d, &e);
            if (e.type == SelectionRequest) hand_over(g, &e.xselectionrequest);
            if (e.type == ClientMessage && e.xclient.message_type == atom(g, type)) {
                *accepted = e.xclient.data.l[1] & 1;
                return 1;
            }
        }
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return 0;
}

int main(int argc, char **argv) {
    struct drag g = {.d = XOpenDisplay(NULL)};
    long accepted = 0;
    if (argc != 5 || !g.d) return 2;
    g.target = (Window)strtoul(argv[1], NULL, 0);
    g.x = atoi(argv[2]);
    g.y = atoi(argv[3]);
    snprintf(g.uri, sizeof g.uri, "file://%s\r\n", argv[4]);
    g.self = XCreateSimpleWindow(g.d, DefaultRootWindow(g.d), 0, 0, 1, 1, 0, 0, 0);
    g.selection = atom(&g, "XdndSelection");
    g.uri_list = atom(&g, "text/uri-list");
    g.action = atom(&g, "XdndActionCopy");
    XSetSelectionOwner(g.d, g.selection, g.self, CurrentTime);
    tell(&g, "XdndEnter", 5L << 24, (long)g.uri_list, 0, 0);
    tell(&g, "XdndPosition", 0, (long)g.x << 16 | g.y, CurrentTime, (long)g.action);
    if (!await(&g, "XdndStatus", &accepted) || !accepted) return 1;
    tell(&g, "XdndDrop", 0, CurrentTime, 0, 0);
    if (!await(&g, "XdndFinished", &accepted)) return 1;
    XCloseDisplay(g.d);
    return 0;
}
