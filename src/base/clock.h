/* Time. Only edges and workers ask the clock; verbs and pure code take `now` as an argument. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define MS_SECOND INT64_C(1000)
#define MS_MINUTE (60 * MS_SECOND)
#define MS_HOUR (60 * MS_MINUTE)
#define MS_DAY (24 * MS_HOUR)

/* Milliseconds since 1970 UTC. In builds with the `test_clock` option the environment variable
 * SEALPOST_TEST_CLOCK names a file of native int64_t in ms, which may change: what is added to the time, and
 * in a longer file when the clock stands, 0: it goes. Release builds do without. */
int64_t clock_now(void);

/* Milliseconds that only grow, for timeouts. */
int64_t clock_monotonic(void);

#endif
