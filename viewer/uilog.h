/* uilog.h - every change of state as one line of JSON, for tests and for those who wonder.
 *
 * {"t": milliseconds since the start, "ev": name, ...}. Nothing happens while no file is open. One
 * thread. */
#ifndef VIEW_UILOG_H
#define VIEW_UILOG_H
#include <jansson.h>
#include <stdbool.h>

/* false: errno says why. */
bool uilog_open(const char *path);
void uilog_close(void);
bool uilog_is_open(void);
/* fmt and what follows: as json_pack() takes them, an object. */
void uilog(const char *event, const char *fmt, ...);
/* Takes the object. */
void uilog_json(const char *event, json_t *object);
#endif
