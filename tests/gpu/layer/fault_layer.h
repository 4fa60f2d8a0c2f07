/* fault_layer.h - a Vulkan layer that makes the n-th fallible call fail, or drops a submission.
 *
 * The loader finds it by its manifest (VK_ADD_LAYER_PATH, VK_INSTANCE_LAYERS). A test opens the
 * same library with dlopen() and sets the plan through the symbol `fault_plan`. A test of a program
 * writes the name of a call, as vkQueueSubmit, into the file that VIDI_FAULT_FILE names: the next
 * call of that name fails, and the file is gone. What VIDI_FAULT_SLOW names holds a call's name and
 * milliseconds, as "vkQueueSubmit 40": it takes so long from now on. One instance and one device at
 * a time; calls may come from any thread. */
#ifndef VD_FAULT_LAYER_H
#define VD_FAULT_LAYER_H
#include <stdatomic.h>

struct fault_plan {
    long fail_at;      /* 1: the first fallible call from now on; 0: none */
    long drop_at;      /* the submission of this number does not run, but signals; 0: none */
    atomic_long calls; /* seen so far */
    atomic_long submits;
    const char *failed; /* name of the call that was failed; NULL: none yet */
};
#endif
