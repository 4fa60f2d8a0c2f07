/* clock.h - monotonic milliseconds since an arbitrary start. Safe from any thread. */
#ifndef VD_CLOCK_H
#define VD_CLOCK_H
double clock_ms(void);
#endif
