/* json_get.c - prints one value of a JSON document on stdin: json_get image.0.width
 *
 * Texts are printed bare, everything else as JSON; "." is the whole document. The document must be
 * alone on stdin. Exit code 1: no JSON; 2: no such value. "#" at the end of a path is the number of
 * elements. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *step(json_t *value, const char *name) {
    if (json_is_array(value)) return json_array_get(value, (size_t)atoi(name));
    return json_object_get(value, name);
}

static int print(json_t *value) {
    if (json_is_string(value)) {
        puts(json_string_value(value));
        return 0;
    }
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
    if (!text) return 2;
    puts(text);
    free(text);
    return 0;
}

static int find(json_t *value, char *path) {
    if (strcmp(path, ".") == 0) return print(value);
    for (char *name = strtok(path, "."); name; name = strtok(NULL, ".")) {
        if (strcmp(name, "#") == 0) {
            const size_t n =
                json_is_array(value) ? json_array_size(value) : json_object_size(value);
            printf("%zu\n", n);
            return 0;
        }
        value = step(value, name);
        if (!value) return 2;
    }
    return print(value);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    json_error_t error;
    json_t *document = json_loadf(stdin, 0, &error);
    if (!document) {
        fprintf(stderr, "no JSON: %s\n", error.text);
        return 1;
    }
    const int code = find(document, argv[1]);
    json_decref(document);
    return code;
}
