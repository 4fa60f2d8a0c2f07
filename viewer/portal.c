#include "portal.h"

#include <stdbool.h>
#include <stdlib.h>

#ifdef VIEW_PORTAL
#include <libportal/portal.h>
#include <string.h>
#include <unistd.h>

struct asked {
    GMainLoop *loop;
    enum portal_answer answer;
    char *path;
};

/* GLib would start a bus of its own where there is none. */
static bool has_bus(void) {
    if (getenv("DBUS_SESSION_BUS_ADDRESS")) return true;
    const char *folder = getenv("XDG_RUNTIME_DIR");
    char *socket = folder ? g_build_filename(folder, "bus", NULL) : NULL;
    const bool is_there = socket && access(socket, F_OK) == 0;
    g_free(socket);
    return is_there;
}

static char *first_path(GVariant *chosen) {
    const char **uris = NULL;
    char *path = NULL;
    if (g_variant_lookup(chosen, "uris", "^a&s", &uris) && uris[0]) {
        char *local = g_filename_from_uri(uris[0], NULL, NULL);
        if (local) path = strdup(local);
        g_free(local);
    }
    g_free(uris);
    return path;
}

static void answered(GObject *portal, GAsyncResult *result, gpointer user) {
    struct asked *a = user;
    GError *error = NULL;
    GVariant *chosen = xdp_portal_open_file_finish((XdpPortal *)portal, result, &error);
    if (chosen) {
        a->path = first_path(chosen);
        a->answer = a->path ? PORTAL_PATH : PORTAL_NONE;
        g_variant_unref(chosen);
    } else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        a->answer = PORTAL_NONE;
    }
    g_clear_error(&error);
    g_main_loop_quit(a->loop);
}

enum portal_answer portal_open_file(const char *title, char **path) {
    struct asked a = {.answer = PORTAL_MISSING};
    GDBusConnection *bus = has_bus() ? g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, NULL) : NULL;
    if (!bus) return PORTAL_MISSING;
    g_dbus_connection_set_exit_on_close(bus, FALSE);
    GMainContext *context = g_main_context_new();
    g_main_context_push_thread_default(context); /* so that the answer comes to this thread */
    XdpPortal *portal = xdp_portal_new();
    a.loop = g_main_loop_new(context, FALSE);
    xdp_portal_open_file(portal, NULL, title, NULL, NULL, NULL, XDP_OPEN_FILE_FLAG_NONE, NULL,
                         answered, &a);
    g_main_loop_run(a.loop);
    g_main_loop_unref(a.loop);
    g_object_unref(portal);
    g_main_context_pop_thread_default(context);
    g_main_context_unref(context);
    g_object_unref(bus);
    *path = a.path;
    return a.answer;
}
#else
enum portal_answer portal_open_file(const char *title, char **path) {
    (void)title;
    (void)path;
    return PORTAL_MISSING;
}
#endif
