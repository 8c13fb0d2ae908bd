/* worker.h - one thread that works off jobs in groups, in order. */
#ifndef MOONGATE_TOOLKIT_WORKER_H
#define MOONGATE_TOOLKIT_WORKER_H

#include <stdbool.h>
#include <stddef.h>

struct owner;
struct worker;

/* Embedded first in the caller's own job. */
struct job {
    struct job *next; /* the group's list, in order of submission */
    /* On the loop thread, after the group is done; frees the job. */
    void (*done)(struct job *job);
};

/* On the worker thread: does the whole list (at most `group_max` long). */
typedef void worker_fn(void *arg, struct job *jobs);

struct worker *worker_new(struct owner *owner, worker_fn *fn, void *arg,
                          size_t group_max);

/* Adds a job at the end. Never blocks. Loop thread only. */
void worker_submit(struct worker *worker, struct job *job);

/* Jobs submitted whose done has not run yet. */
size_t worker_pending(const struct worker *worker);

/* Lets the thread finish what was submitted, joins it and runs every `done`
 * that is left; blocks. Then the worker may be closed with its owner. */
void worker_drain(struct worker *worker);

#endif
