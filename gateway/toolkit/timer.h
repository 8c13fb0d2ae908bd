/* timer.h - one-shot and repeating timers on the loop's monotonic clock. */
#ifndef MOONGATE_TOOLKIT_TIMER_H
#define MOONGATE_TOOLKIT_TIMER_H

#include <stdbool.h>
#include <stdint.h>

struct owner;
struct timer;
typedef void timer_fn(void *arg);

/* A stopped timer; closed with its owner. */
struct timer *timer_new(struct owner *owner, timer_fn *fn, void *arg);

void timer_start(struct timer *timer, uint64_t delay_ms); /* (re)arms once */
void timer_repeat(struct timer *timer, uint64_t every_ms);
void timer_stop(struct timer *timer);
bool timer_active(const struct timer *timer);

/* Closes it before its owner does; the callback never runs again. */
void timer_free(struct timer *timer); /* NULL is fine */

#endif
