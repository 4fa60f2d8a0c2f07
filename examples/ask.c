/* ask.c - the whole of vidi in one page: a picture and a question in, an answer out.
 *
 *     cc ask.c $(pkg-config --cflags --libs vidi) -o ask
 *     ./ask photo.jpg "What is in this picture?" [model.gguf]
 *
 * Without a model file the one that ships inside vidi answers. */
#include <stdio.h>

#include "vidi/vidi.h"

static int ask(vidi *v, const char *picture, const char *question, const char *model_path) {
    vidi_image image = {0};
    vidi_model *model = NULL;
    vidi_chat *chat = NULL;
    vidi_piece piece;

    vidi_status status = vidi_image_read(v, picture, &image);
    if (status == VIDI_OK) status = vidi_model_open(v, model_path, &model);
    if (status == VIDI_OK)
        status = vidi_chat_open(model, &(vidi_chat_config){.max_tokens = 64}, &chat);
    if (status == VIDI_OK) status = vidi_say_image(chat, &image);
    if (status == VIDI_OK) status = vidi_say_text(chat, VIDI_USER, question);
    while (status == VIDI_OK && (status = vidi_next(chat, &piece)) == VIDI_OK) {
        fwrite(piece.text, 1, piece.len, stdout);
        fflush(stdout);
    }
    putchar('\n');
    if (status != VIDI_END) fprintf(stderr, "%s: %s\n", vidi_status_name(status), vidi_error(v));

    vidi_chat_close(chat);
    vidi_model_close(model);
    vidi_image_free(v, &image);
    return status == VIDI_END ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "use: %s PICTURE QUESTION [MODEL]\n", argv[0]);
        return 2;
    }
    vidi *v = NULL;
    int code = 1;
    if (vidi_open(NULL, &v) == VIDI_OK)
        code = ask(v, argv[1], argv[2], argc > 3 ? argv[3] : NULL);
    else
        fprintf(stderr, "%s\n", vidi_error(v));
    vidi_close(v);
    return code;
}
