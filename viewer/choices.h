/* choices.h - the models and devices one can choose from.
 *
 * Looking takes a while (a Vulkan instance, every model file's header): choices_look() runs on a
 * thread of its own, see jobs.h, and touches nothing but its argument. */
#ifndef VIEW_CHOICES_H
#define VIEW_CHOICES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/source.h"

enum { CHOICES_MOST = 64, CHOICES_CAMERAS = 16 };

struct model_choice {
    char *path;   /* NULL: the model that ships inside */
    char *mmproj; /* NULL: none */
    char *name;
    char *detail; /* "1.2 GB, fits: 1.4 of 6.1 GB" */
    char *reason; /* why it cannot be chosen; NULL: it can */
    uint64_t bytes;
};

struct device_choice {
    char *name;   /* as the driver says it; also what engine_setup.device takes */
    char *detail; /* "discrete, 8 GB, RADV" */
    char *reason; /* why it cannot be chosen; NULL: it can */
    uint64_t memory_bytes, free_bytes; /* free: for this program; all of it where nobody knows */
};

struct choices {
    /* in */
    char *hub_cache; /* NULL: none */
    char *device;    /* whose memory decides what fits; NULL: the first usable one */
    char *recent[CHOICES_MOST];
    int n_recent;
    /* out */
    struct model_choice models[CHOICES_MOST];
    struct device_choice devices[CHOICES_MOST];
    struct source_camera cameras[CHOICES_CAMERAS];
    int n_models, n_devices, n_cameras;
    char error[400]; /* why there is no device; "" when all is well */
};

void choices_look(void *choices);
/* Fills m->detail, m->reason and m->bytes of the model at m->path (NULL: the one inside) and
 * m->mmproj; free_bytes: of the device, 0: unknown. */
void choices_judge(struct model_choice *m, uint64_t free_bytes);
void choices_free(struct choices *c); /* frees what is inside */
#endif
