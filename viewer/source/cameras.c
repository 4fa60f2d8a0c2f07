#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include "cameras.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "words.h"

enum { DEVICES_MOST = 64, PATH_CAP = 512 };

struct device {
    int number;
    char name[128], bus[CAMERA_BUS];
};

static int by_number(const void *a, const void *b) {
    return ((const struct device *)a)->number - ((const struct device *)b)->number;
}

static bool number_of(const char *name, int *out) {
    if (strncmp(name, "video", 5) != 0 || !name[5] || strlen(name) > 5 + 4 ||
        strspn(name + 5, "0123456789") != strlen(name + 5))
        return false;
    *out = atoi(name + 5);
    return true;
}

static void read_name(const struct camera_place *place, int number, char *out, size_t cap) {
    char path[PATH_CAP], line[256] = "";
    snprintf(path, sizeof path, "%.400s/video%d/name", place->classes, number);
    FILE *f = fopen(path, "r");
    if (f && !fgets(line, sizeof line, f)) line[0] = '\0';
    if (f) fclose(f);
    line[strcspn(line, "\r\n")] = '\0';
    if (!line[0]) snprintf(line, sizeof line, "camera %d", number);
    words_copy(out, cap, line);
}

static int collect(const struct camera_place *place, DIR *d, struct device *found) {
    int n = 0;
    for (const struct dirent *e; n < DEVICES_MOST && (e = readdir(d));) {
        struct device *device = &found[n];
        char path[PATH_CAP];
        if (!number_of(e->d_name, &device->number)) continue;
        snprintf(path, sizeof path, "%.400s/video%d", place->devices, device->number);
        device->bus[0] = '\0';
        if (!place->query(path, device->bus)) continue;
        read_name(place, device->number, device->name, sizeof device->name);
        n++;
    }
    return n;
}

/* Many cameras have a second device for their metadata, or for another coding. */
static bool is_listed(const struct device *found, int n, const struct device *device) {
    for (int i = 0; i < n; i++)
        if (device->bus[0] && strcmp(found[i].bus, device->bus) == 0 &&
            strcmp(found[i].name, device->name) == 0)
            return true;
    return false;
}

int cameras_in(const struct camera_place *place, struct source_camera *out, int cap) {
    struct device *found = calloc(DEVICES_MOST, sizeof *found);
    DIR *d = opendir(place->classes);
    const int n = found && d ? collect(place, d, found) : 0;
    if (d) closedir(d);
    if (n > 1) qsort(found, (size_t)n, sizeof *found, by_number);
    int listed = 0;
    for (int i = 0; i < n; i++) {
        if (is_listed(found, i, &found[i])) continue;
        if (listed < cap) {
            words_copy(out[listed].name, sizeof out[listed].name, found[i].name);
            snprintf(out[listed].spec, sizeof out[listed].spec, "/dev/video%d", found[i].number);
        }
        listed++;
    }
    free(found);
    return listed;
}

static bool query(const char *path, char bus[CAMERA_BUS]) {
    struct v4l2_capability cap = {0};
    const int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == EBUSY || errno == EACCES; /* it is one, and opening it says why not */
    const bool known = ioctl(fd, VIDIOC_QUERYCAP, &cap) == 0;
    close(fd);
    if (!known) return false;
    snprintf(bus, CAMERA_BUS, "%.32s", (const char *)cap.bus_info);
    const uint32_t caps =
        cap.capabilities & V4L2_CAP_DEVICE_CAPS ? cap.device_caps : cap.capabilities;
    return caps & (V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_VIDEO_CAPTURE_MPLANE);
}

int source_list_cameras(struct source_camera *out, int cap) {
    return cameras_in(&(struct camera_place){.classes = "/sys/class/video4linux",
                                             .devices = "/dev",
                                             .query = query},
                      out, cap);
}
