#include "habits.h"

#include <stddef.h>
#include <string.h>

/* clang-format off */
static const struct habit table[] = {
    {"-ngl --gpu-layers --n-gpu-layers", "", true,
     "all layers run on the device; --device chooses it"},
    {"-t --threads -tb --threads-batch", "", true,
     "the driver chooses its threads"},
    {"-b --batch-size -ub --ubatch-size", "", true,
     "the size of a chunk follows from the device"},
    {"-fa --flash-attn", "on|off|auto", true,
     "attention never keeps a table of all scores here"},
    {"--jinja", NULL, true,
     "known templates are written by vidi itself; --chat-template names one"},
    {"--no-mmap --mlock --no-warmup -no-cnv --no-conversation -st --single-turn --no-display-prompt"
     " --log-disable --no-perf --simple-io --color --offline --verbose-prompt", NULL, true,
     "it changes nothing here"},
    {"--keep --numa", "", true,
     "it changes nothing here"},
    {"-e --escape", NULL, false,
     "\\n in a question stays as it is typed; -f FILE has questions of several lines"},
    {"-cnv --conversation -i --interactive", NULL, false,
     "`vidi chat` is the conversation"},
    {"-mg --main-gpu -dev -sm --split-mode -ts --tensor-split", "", false,
     "one device answers; --device chooses it"},
    {"-ctk --cache-type-k -ctv --cache-type-v", "", false,
     "keys and values are kept alike: --cache-type f32|f16|q8_0"},
    {"-nkvo --no-kv-offload", NULL, false,
     "keys and values stay on the device; --cache-type q8_0 makes them small"},
    {"--repeat-penalty --repeat-last-n --presence-penalty --frequency-penalty --dry-multiplier --typical"
     " --mirostat --xtc-probability --dynatemp-range --samplers --logit-bias -l", "", false,
     "answers are drawn by --temp, --top-k, --top-p, --min-p and --seed alone"},
    {"--grammar --grammar-file -j --json-schema --json-schema-file", "", false,
     "answers of a given form are not there yet"},
    {"--rope-scaling --rope-scale --rope-freq-base --rope-freq-scale --yarn-orig-ctx --override-kv", "", false,
     "the model's file says it"},
    {"--chat-template-file", "", false,
     "templates are known by name: --chat-template NAME"},
    {"-mu --model-url --mmproj-url", "", false,
     "models come by `vidi pull OWNER/NAME`"},
    {"--host --port", "", false,
     "there is no server yet"},
    {"--image-min-tokens --image-max-tokens", "", false,
     "the model's own processor says how many tokens a picture takes"},
};
/* clang-format on */

static bool names_it(const char *names, const char *name) {
    const size_t n = strcspn(name, "=");
    for (const char *at = names; *at; at += strcspn(at, " "), at += *at == ' ')
        if (strcspn(at, " ") == n && memcmp(at, name, n) == 0) return true;
    return false;
}

const struct habit *habit_find(const char *name) {
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (names_it(table[i].names, name)) return &table[i];
    return NULL;
}
