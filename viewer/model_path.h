/* model_path.h - which files and folders are models. */
#ifndef VIEW_MODEL_PATH_H
#define VIEW_MODEL_PATH_H
#include <stdbool.h>

/* The model that a path means: a GGUF file by its first bytes, a folder that holds a config.json,
 * or what lies in such a folder, its config.json or a .safetensors file. From malloc(); NULL: none.
 */
char *model_path_of(const char *path);
/* The one vision part (mmproj) that lies beside a GGUF file. From malloc(); NULL: none, or more. */
char *model_path_eyes(const char *path);
#endif
