/* complaint.h - what FFmpeg's libraries say while something fails, instead of on stderr.
 *
 * They tell their log and not their caller why something failed. The first complaint of a thread
 * is kept here for that thread. */
#ifndef COMPLAINT_H
#define COMPLAINT_H

/* From the first call on no line of the libraries reaches stderr. Forgets what this thread heard.
 */
void complaint_reset(void);
/* The first complaint since the reset, without its end of line; "" for none. */
const char *complaint_heard(void);
#endif
