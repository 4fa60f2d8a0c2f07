/* inspect.h - looking inside: what a file holds, what a model computes, where the time goes.
 *
 * For tools (the vidi command uses it); vidi.h alone is enough to ask about pictures. Texts are
 * JSON documents, allocated by the library: free with vidi_text_free(). Rules of ownership,
 * threads and failure are those of vidi.h. */
#ifndef VIDI_INSPECT_H
#define VIDI_INSPECT_H
#include "vidi/vidi.h"

#ifdef __cplusplus
extern "C" {
#endif

void vidi_text_free(vidi *v, char *text);

/* What a model file holds, without loading its weights. path NULL: the embedded model.
 * {"path","architecture","name","license","family" (null: not supported),"parameters","file_bytes",
 *  "weights_bytes","kv_bytes_per_token","kv_bytes_per_token_q8_0",
 *  "kv_bytes_per_picture" (f16; 0: pictures are rows like words),"context","template",
 *  "vision": null, or {"path","projector","family"} of eyes in the same file, with "parameters",
 *  "file_bytes","weights_bytes","metadata","tensors" besides where they are a folder's or in a file
 *  of their own,
 *  "picture": null, or {"width","height" (null: any size of "most_pixels"),"tokens" of one or of a
 *  tile (null: one for "pixels_per_token"),"tiles" (true: larger ones are cut into such),"asked"
 *  (true: layers ask for them, no place in the context is taken)},
 *  "types":{"q8_0":bytes,...} (of all tensors),
 *  "metadata":{key:value,...} (long arrays as {"array":"str","count":n}),
 *  "tensors":[{"name","type","shape":[rows,cols],"bytes"}]} */
vidi_status vidi_describe(vidi *v, const char *path, char **json);
/* The same with the types and bytes that tensors have when such weights are asked for. */
vidi_status vidi_describe_as(vidi *v, const char *path, vidi_weights weights, char **json);
/* Needs no device: `v` from vidi_open_bare(). */
vidi_status vidi_open_bare(const vidi_config *cfg, vidi **out);

/* Token ids of a text by the tokenizer of a model file.
 * {"count","ids":[...],"pieces":["..."]} (pieces as text, bytes that are no UTF-8 as <0xNN>) */
vidi_status vidi_tokenize(vidi *v, const char *path, const char *text, size_t len, int special,
                          char **json);

/* Activations: from now on every run of this chat writes the tensors whose names match the glob
 * (* and ?) as DIR/NAME.npy, f32, shape [rows][cols]. The directory is made. NULL glob: stop. */
vidi_status vidi_chat_dump(vidi_chat *c, const char *glob, const char *dir);

/* All .npy of the same name in two folders, in the order in which dir_a's were written (file
 * `order.txt` when there is one, else by name). {"tensors":[{"name","count","nmse","max_abs",
 *  "worst":[index,a,b],"note"}],"missing":[...],"first_difference":name|null}; a tensor
 * differs when its nmse is above `limit` or a value is not finite in one only. */
vidi_status vidi_compare(vidi *v, const char *dir_a, const char *dir_b, double limit, char **json);

/* The kernel table and what this device would use.
 * {"device","kernels":[{"name","purpose","needs":[...],"bindings":[...],"push_bytes","specs":{...},
 *   "variants":[{"name","words"}],"usable","lacks":[...]}],"tuning":[{"row" (from 1),"op","kernel",
 *   "device_class","shape","values","why","wins":["a token",...],
 *   "loses":[{"shape":"a prompt","row" (that wins it)}],"lacks":[...]}]}
 * v may be bare: then usable, wins and loses are null. Of the rows of an op the first that fits
 * device and shape wins. */
vidi_status vidi_kernels(vidi *v, char **json);

/* What a driver's compiler makes of the kernels: each variant with the constants that models would
 * get on the device, which is opened for compiling only (device as in vidi_config; v may be bare).
 * Nothing runs, so that a driver whose GPU is not here will do. Numbers that the driver does not
 * tell are null; VIDI_E_UNSUPPORTED: it tells none. What is spilled is counted as the driver does:
 * vector and scalar registers, or stores and loads.
 * {"device","driver","shaders":[{"kernel","variant","specs":{...},"registers","scalar_registers",
 *  "spilled","spilled_2","scratch","shared","code","steps","cycles"}]} */
vidi_status vidi_shaders(vidi *v, const char *device, char **json);

/* Speed. Runs the model (picture, prompt of n_prompt tokens, answer of n_answer tokens; repeats and
 * takes the median), then measures the device's copy bandwidth and multiply-add rate.
 * {"device","driver","model","copy_gb_s","gflop_s","load_ms","image_ms","prompt_tokens_s","answer_tokens_s",
 *  "dispatches_per_token","barriers_per_token","submissions_per_token","recordings_per_token",
 *  "allocations_per_token","device_bytes","host_peak_bytes",
 *  "per_picture" and "per_token":{"dispatches","barriers","layers","dispatches_per_layer",
 *   "barriers_per_layer" (the most of any layer of the eyes or the decoder)},
 *  "ops":[{"phase" (resize, picture, see, prompt, head, step),"kernel","variant","count","ms",
 *   "bytes","flops","gb_s","percent_copy","gflop_s","percent_flops","percent_roof" (the larger)}]}
 * "ops" is empty unless the debug word profile was given. */
typedef struct vidi_bench_config {
    int n_prompt, n_answer, repeats;
} vidi_bench_config;
vidi_status vidi_bench(vidi_model *m, const vidi_bench_config *cfg, char **json);

/* One line for each word that vidi_config.debug understands: "name - what it does". */
const char *vidi_debug_options(void);

#ifdef __cplusplus
}
#endif
#endif
