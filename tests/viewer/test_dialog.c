/* The desktop's file chooser: a portal on a bus of its own that plays the person's part, then the
 * programs that stand in where there is no portal. */
#define _POSIX_C_SOURCE 200809L
#include "viewer/dialog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <gio/gio.h>
#include <cmocka.h>

#include "viewer/portal.h"

static const char interface[] =
    "<node><interface name='org.freedesktop.portal.FileChooser'>"
    "<method name='OpenFile'><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='a{sv}' direction='in'/><arg type='o' direction='out'/></method>"
    "</interface></node>";

/* What the person does, and what they were asked. */
static struct {
    const char *uri; /* NULL: closes the dialog */
    char title[64];
} person;

static void called(GDBusConnection *bus, const char *sender, const char *path, const char *iface,
                   const char *method, GVariant *args, GDBusMethodInvocation *call, void *user) {
    (void)path, (void)iface, (void)method, (void)user;
    const char *parent, *title, *token = "t";
    GVariant *options;
    char name[64], handle[256];
    g_variant_get(args, "(&s&s@a{sv})", &parent, &title, &options);
    g_variant_lookup(options, "handle_token", "&s", &token);
    snprintf(person.title, sizeof person.title, "%s", title);
    snprintf(name, sizeof name, "%s", sender + 1);
    for (char *dot = name; (dot = strchr(dot, '.'));) *dot = '_';
    snprintf(handle, sizeof handle, "/org/freedesktop/portal/desktop/request/%s/%s", name, token);
    g_dbus_method_invocation_return_value(call, g_variant_new("(o)", handle));
    GVariantBuilder answer;
    g_variant_builder_init(&answer, G_VARIANT_TYPE("a{sv}"));
    const char *uris[] = {person.uri, NULL};
    if (person.uri) g_variant_builder_add(&answer, "{sv}", "uris", g_variant_new_strv(uris, 1));
    g_dbus_connection_emit_signal(bus, sender, handle, "org.freedesktop.portal.Request", "Response",
                                  g_variant_new("(ua{sv})", person.uri ? 0 : 1, &answer), NULL);
    g_variant_unref(options);
}

/* The portal's side: a connection and a thread of its own. */
static struct portal {
    GThread *thread;
    GMainLoop *loop;
    GMainContext *context;
    volatile gint ready;
} portal;

static void *serve(void *address) {
    static const GDBusInterfaceVTable table = {.method_call = called};
    g_main_context_push_thread_default(portal.context);
    GDBusConnection *bus =
        g_dbus_connection_new_for_address_sync(address,
                                               G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                   G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                               NULL, NULL, NULL);
    GDBusNodeInfo *node = g_dbus_node_info_new_for_xml(interface, NULL);
    g_dbus_connection_register_object(bus, "/org/freedesktop/portal/desktop", node->interfaces[0],
                                      &table, NULL, NULL, NULL);
    GVariant *taken = g_dbus_connection_call_sync(
        bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
        g_variant_new("(su)", "org.freedesktop.portal.Desktop", 0), NULL, G_DBUS_CALL_FLAGS_NONE,
        -1, NULL, NULL);
    g_variant_unref(taken);
    g_atomic_int_set(&portal.ready, 1);
    g_main_loop_run(portal.loop);
    g_dbus_connection_close_sync(bus, NULL, NULL);
    g_object_unref(bus);
    g_dbus_node_info_unref(node);
    g_main_context_pop_thread_default(portal.context);
    return NULL;
}

static GTestDBus *daemon;

static int start_bus(void **state) {
    (void)state;
    daemon = g_test_dbus_new(G_TEST_DBUS_NONE);
    g_test_dbus_up(daemon);
    return 0;
}

static int stop_bus(void **state) {
    (void)state;
    g_test_dbus_stop(daemon);
    g_object_unref(daemon);
    g_unsetenv("DBUS_SESSION_BUS_ADDRESS");
    return 0;
}

static void open_portal(void) {
    portal.context = g_main_context_new();
    portal.loop = g_main_loop_new(portal.context, FALSE);
    portal.thread = g_thread_new("portal", serve, (void *)g_test_dbus_get_bus_address(daemon));
    while (!g_atomic_int_get(&portal.ready)) g_thread_yield();
}

static void close_portal(void) {
    g_main_loop_quit(portal.loop);
    g_thread_join(portal.thread);
    g_main_loop_unref(portal.loop);
    g_main_context_unref(portal.context);
}

static void test_portal(void **state) {
    (void)state;
    char *path = NULL;
    assert_int_equal(portal_open_file("Open", &path), PORTAL_MISSING); /* a bus without a portal */
    open_portal();
    person.uri = "file:///tmp/a%20b.png";
    assert_int_equal(portal_open_file("Open a thing", &path), PORTAL_PATH);
    assert_string_equal(path, "/tmp/a b.png");
    assert_string_equal(person.title, "Open a thing");
    free(path);
    person.uri = "https://example.org/a.png"; /* not of this machine */
    assert_int_equal(portal_open_file("Open", &path), PORTAL_NONE);
    person.uri = NULL;
    assert_int_equal(portal_open_file("Open", &path), PORTAL_NONE);
    close_portal();
}

static void test_no_bus(void **state) {
    (void)state;
    char *path = NULL;
    setenv("XDG_RUNTIME_DIR", "/nowhere", 1);
    unsetenv("DBUS_SESSION_BUS_ADDRESS");
    assert_int_equal(portal_open_file("Open", &path), PORTAL_MISSING);
}

/* Programs of our own by those names. */
static void program(const char *folder, const char *name, const char *body) {
    char path[700];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "#!/bin/sh\n%s\n", body);
    fclose(f);
    assert_int_equal(chmod(path, 0755), 0);
}

static struct {
    int calls;
    bool none;
    char path[64];
} heard;

static void done(void *user, const char *path, bool none) {
    (void)user;
    heard.calls++;
    heard.none = none;
    snprintf(heard.path, sizeof heard.path, "%s", path ? path : "-");
}

static void wake(void *user) { (void)user; }

static void asks(const char *path, bool none) {
    struct jobs *jobs = jobs_open(wake, NULL);
    heard.calls = 0;
    assert_true(dialog_open(jobs, done, NULL));
    for (int i = 0; i < 1000 && !heard.calls; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        jobs_poll(jobs);
    }
    assert_int_equal(heard.calls, 1);
    assert_string_equal(heard.path, path);
    assert_int_equal(heard.none, none);
    assert_true(jobs_close(jobs));
}

static void test_programs(void **state) {
    (void)state;
    const char *tmp = getenv("VIDI_TEST_TMP");
    char folder[512];
    snprintf(folder, sizeof folder, "%.400s/dialog.XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(folder));
    setenv("PATH", folder, 1);
    asks("-", true);
    program(folder, "kdialog", "echo /tmp/k.png");
    asks("/tmp/k.png", false);
    program(folder, "zenity", "echo '/tmp/z z.png'");
    asks("/tmp/z z.png", false);
    program(folder, "zenity", "exit 1"); /* closed: nothing else asks again */
    asks("-", false);
    program(folder, "zenity", "echo");
    asks("-", false);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_bus),
        cmocka_unit_test_setup_teardown(test_portal, start_bus, stop_bus),
        cmocka_unit_test(test_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
