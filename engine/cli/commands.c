/* The list of subcommands: a new one is a file and a row here. */
#include "cli.h"

#include <string.h>

#include "target.h"

/* clang-format off */
const struct command commands[] = {
    {"ask", "ask a question about a picture",
     "vidi ask PICTURE \"QUESTION\"\n"
     "vidi ask -m FILE --image A --image B \"QUESTION\"\n"
     "vidi ask --batch FILE.jsonl",
     "The answer streams to stdout. With --batch the model is loaded once, and each\n"
     "line of the file gives one line of JSON, as --json prints it; where a question\n"
     "fails that line is {\"error\", \"exit\"}.\n"
     "Pictures stand before the question, or where it says <__media__>, one each:\n"
     "vidi ask a.jpg b.jpg \"<__media__>a cat <__media__>a\".\n"
     "A picture is a path, - for standard input, a data: or an http(s) address.",
     GROUP_MODEL | GROUP_QUESTION | GROUP_PROMPT | GROUP_BATCH | GROUP_ANSWER | GROUP_DEVICE | GROUP_JSON,
     0, -1, cmd_ask},
    {"chat", "have a conversation about pictures",
     "vidi chat [PICTURE ...] [-m FILE]",
     "In the conversation:\n"
     "  /image FILE  show a picture with the next question\n"
     "  \"\"\"          begins and ends a question of several lines\n"
     "  PATH         of a picture, as a file manager drops it: the same as /image\n"
     "  /clear       forget everything said\n"
     "  /help        this list\n"
     "  /quit        leave, as Ctrl-D does\n"
     "Ctrl-C stops an answer. Without a terminal every line of stdin is a question.",
     GROUP_MODEL | GROUP_QUESTION | GROUP_ANSWER | GROUP_DEVICE,
     0, -1, cmd_chat},
    {"view", "ask about a picture or a camera in a window",
     "vidi view [PICTURE]\n"
     "vidi view camera --live -p \"What is this?\"",
     "Instead of a picture: a video file, a stream's address, camera, camera:1,\n"
     "/dev/video0, x11: for the screen, test for a test picture. -p is asked as soon\n"
     "as the picture is there. F1 in the window lists its keys.",
     GROUP_MODEL | GROUP_PROMPT | GROUP_VIEW | GROUP_DEVICE, 0, 1, cmd_view},
    {"watch", "ask about a camera or a video again and again",
     "vidi watch SOURCE -p \"QUESTION\" --every 1s\n"
     "vidi watch camera -p \"QUESTION\" --continuous --json",
     "One line an answer; with --json one object a line. SOURCE: camera, camera:1,\n"
     "/dev/video0, a video file, - for standard input, a stream's address, x11: for\n"
     "the screen, test for a test picture, or an input of FFmpeg as lavfi:testsrc2.\n"
     "Always the newest frame; what looks like the one before is left out. A film\n"
     "begins with the first answer and plays on meanwhile, or is stepped through with\n"
     "--fps; a picture that stands still is asked about once. In --json: film_ms is\n"
     "the frame's place in the film, time when it came; skipped counts frames that\n"
     "looked alike, dropped those that newer ones replaced.",
     GROUP_MODEL | GROUP_PROMPT | GROUP_WATCH | GROUP_ANSWER | GROUP_DEVICE | GROUP_JSON,
     1, 1, cmd_watch},
    {"cameras", "list the cameras",
     "vidi cameras", NULL, GROUP_JSON, 0, 0, cmd_cameras},
    {"devices", "list the Vulkan devices and what vidi uses of them",
     "vidi devices", NULL, GROUP_DEVICE | GROUP_JSON, 0, 0, cmd_devices},
    {"show", "show what a model file holds",
     "vidi show [FILE]",
     "Without a file: the model that ships inside. With --type as it is when it is\n"
     "loaded so. Needs no device.",
     GROUP_MODEL | GROUP_SHOW | GROUP_JSON, 0, 1, cmd_show},
    {"tokenize", "show the tokens of a text",
     "vidi tokenize [FILE] \"TEXT\"",
     "FILE is a model; without it the one that ships inside is used. Needs no device.",
     GROUP_MODEL | GROUP_TOKENIZE | GROUP_JSON, 1, 2, cmd_tokenize},
    {"dump", "write a model's activations as .npy files",
     "vidi dump [FILE] --image PICTURE --prompt TEXT --tensors 'GLOB' --to DIR",
     "FILE is a model; without it the one that ships inside is used. One token is\n"
     "answered unless -n asks for more.",
     GROUP_MODEL | GROUP_DUMP | GROUP_DEVICE, 0, 1, cmd_dump},
    {"compare", "compare two folders of .npy files",
     "vidi compare DIR_A DIR_B",
     "Exit code 1 when a tensor differs or is missing. Needs no device.",
     GROUP_COMPARE | GROUP_JSON, 2, 2, cmd_compare},
    {"kernels", "list the compute kernels and which of them the device runs",
     "vidi kernels [--why NAME]", NULL,
     GROUP_KERNELS | GROUP_DEVICE | GROUP_JSON, 0, 0, cmd_kernels},
    {"shaders", "show what the driver's compiler makes of the kernels",
     "vidi shaders [--target NAME]",
     "Registers, spills, scratch, shared memory, code size and cycles of every kernel\n"
     "with the constants that models get on the device. Nothing runs. Targets:\n"
     TARGET_NAMES,
     GROUP_SHADERS | GROUP_JSON, 0, 0, cmd_shaders},
    {"bench", "measure pictures, prompts and answers",
     "vidi bench [FILE]",
     "FILE is a model; without it the one that ships inside is measured.",
     GROUP_MODEL | GROUP_BENCH | GROUP_DEVICE | GROUP_JSON, 0, 1, cmd_bench},
    {"quantize", "write a model with smaller weights as one file",
     "vidi quantize MODEL -o FILE.gguf --type q4_K",
     "MODEL: a folder of safetensors or a GGUF file in f32, f16 or bf16. What is\n"
     "written holds the language model and its vision part. Needs no device.",
     GROUP_QUANTIZE, 1, 1, cmd_quantize},
    {"pull", "fetch a model from the Hugging Face hub",
     "vidi pull OWNER/NAME\n"
     "vidi pull OWNER/NAME:QUANT\n"
     "vidi pull OWNER/NAME@REVISION --file NAME",
     "Fetches the files a model needs into the cache that the hub's own programs use;\n"
     "then -m OWNER/NAME names it. A fetch that was cut off goes on where it stopped.\n"
     "Of several GGUF files it takes Q4_K_M, else Q8_0, unless QUANT or --file say\n"
     "otherwise. Environment: HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HF_TOKEN,\n"
     "HF_TOKEN_PATH, HF_HUB_OFFLINE.",
     GROUP_PULL | GROUP_JSON, 1, 1, cmd_pull},
    {"list", "list the models that were fetched",
     "vidi list", "With --json every file is listed, not only weights.", GROUP_JSON, 0, 0, cmd_list},
    {"rm", "remove fetched models",
     "vidi rm OWNER/NAME\nvidi rm OWNER/NAME:FILE",
     "FILE is a file's name or a quantisation. Bytes that another revision still uses\n"
     "stay.",
     GROUP_JSON, 1, 1, cmd_rm},
    {"verify", "compare fetched files with their hashes",
     "vidi verify [OWNER/NAME]",
     "Exit code 1 when a file is damaged or missing; `vidi rm` and `vidi pull` bring\n"
     "it back.",
     GROUP_JSON, 0, 1, cmd_verify},
    {"help", "show the options of a command",
     "vidi help [COMMAND]\nvidi help debug", NULL, 0, 0, 1, cmd_help},
    {"version", "print the version", "vidi version", NULL, 0, 0, 0, cmd_version},
    {0},
};
/* clang-format on */

const struct command *command_find(const char *name) {
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(c->name, name) == 0) return c;
    return NULL;
}
