/* cameras.h - the list of cameras from where the system keeps it. */
#ifndef CAMERAS_H
#define CAMERAS_H
#include "source.h"

enum { CAMERA_BUS = 40 };

/* Where to look. queries() opens one device: whether it gives pictures, and which piece of hardware
 * it belongs to ("usb-0000:00:14.0-1"). */
struct camera_place {
    const char *classes; /* "/sys/class/video4linux" */
    const char *devices; /* "/dev" */
    bool (*query)(const char *path, char bus[CAMERA_BUS]);
};
int cameras_in(const struct camera_place *place, struct source_camera *out, int cap);
#endif
