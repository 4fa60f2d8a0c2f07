/* hub_picture.h - a picture from an address of the web that the user named. */
#ifndef CLI_HUB_PICTURE_H
#define CLI_HUB_PICTURE_H
#include "hub_http.h"

#define PICTURE_BYTES (256u << 20) /* of a file, as the engine has it */

/* All bytes, from malloc (NULL: none); at most a minute. false: `words` has the sentence. */
bool hub_picture(const char *url, void **data, size_t *bytes, char words[HTTP_WORDS]);
#endif
