/* family.h - what golden tests of model families share: a device, a model, a dump, a comparison. */
#ifndef VD_TESTS_FAMILY_H
#define VD_TESTS_FAMILY_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "vidi/inspect.h"
#include "vidi/vidi.h"

/* Calls `each` with "0", "1", ... for every usable device; fails when there is none. */
void on_devices(void (*each)(const char *device));

struct asked {
    vidi *v;
    vidi_model *m;
    vidi_chat *c;
};
/* With VIDI_TEST_VALIDATE in the environment the validation layer watches. */
void ask_open(struct asked *a, const char *device, const char *debug, const char *model,
              const vidi_chat_config *cfg);
/* The same with more said of the model, as its vision part. */
void ask_open_with(struct asked *a, const char *device, const char *debug,
                   const vidi_model_config *model, const vidi_chat_config *cfg);
void ask_close(struct asked *a);

/* Says it, writes the activations that match the glob to a new folder, and takes n tokens. */
void ask(struct asked *a, const char *picture, const char *text, const char *glob,
         const char *folder, int32_t *ids, int n, int *taken);

/* Says the picture FOLDER/name, which belongs to the text that follows. */
void show_picture(struct asked *a, const char *folder, const char *name);

/* The picture of whole numbers that the goldens' scripts draw, said. */
void show_pattern(struct asked *a, int width, int height);

/* Every .npy of the golden folder that is an activation has its like in the dump within limit;
 * at least `expected` of them were compared. */
void expect_alike(vidi *v, const char *golden, const char *folder, double limit, int expected);

/* Words of golden/answer.npy before the first that is `end`. */
int answer_length(const char *golden, int32_t end);
/* The first n are those of golden/answer.npy. */
void expect_answer(const char *golden, const int32_t *ids, int n);

const char *family_folder(const char *name); /* scratch */
/* Scratch with links to all files of a folder but one. */
const char *family_twin(const char *name, const char *from, const char *but);
#endif
