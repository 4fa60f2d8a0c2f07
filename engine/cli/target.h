/* target.h - GPUs that need not be here: what makes their drivers compile all the same. */
#ifndef CLI_TARGET_H
#define CLI_TARGET_H
#include "cli.h"

/* NAME, the driver's manifest, the library that plays the kernel's part (NULL: none), and the
 * variable that says which GPU it is. AMD's are those of Mesa's RADV, which needs no such library;
 * the others come with the package mesa-drm-shim of Debian sid. */
#define AMD_TARGETS(X)                                           \
    X("vega10", "radeon", NULL, "RADV_FORCE_FAMILY", "vega10")   \
    X("renoir", "radeon", NULL, "RADV_FORCE_FAMILY", "renoir")   \
    X("navi21", "radeon", NULL, "RADV_FORCE_FAMILY", "navi21")   \
    X("navi31", "radeon", NULL, "RADV_FORCE_FAMILY", "navi31")   \
    X("gfx1151", "radeon", NULL, "RADV_FORCE_FAMILY", "gfx1151") \
    X("gfx1201", "radeon", NULL, "RADV_FORCE_FAMILY", "gfx1201")
#define SHIM_TARGETS(X)                                          \
    X("volta", "nouveau", "nouveau", "NOUVEAU_CHIPSET", "140")   \
    X("turing", "nouveau", "nouveau", "NOUVEAU_CHIPSET", "164")  \
    X("ampere", "nouveau", "nouveau", "NOUVEAU_CHIPSET", "174")  \
    X("ada", "nouveau", "nouveau", "NOUVEAU_CHIPSET", "194")     \
    X("adreno630", "freedreno", "freedreno", "FD_GPU_ID", "630") \
    X("adreno730", "freedreno", "freedreno", "FD_GPU_ID", "730") \
    X("adreno750", "freedreno", "freedreno", "FD_GPU_ID", "750") \
    X("apple", "asahi", "asahi", "VIDI_TARGET", "apple")
#define TARGET_NAME(name, ...) " " name
#define TARGET_NAMES           " " AMD_TARGETS(TARGET_NAME) "\n " SHIM_TARGETS(TARGET_NAME)

/* Sets the environment for cli->opt.target, before the first Vulkan call; where a library must be
 * there from the start, this program becomes itself once more. Comes back with CLI_OK, or with the
 * code of a complaint. */
int target_enter(struct cli *cli);
#endif
