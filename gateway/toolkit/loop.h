/* loop.h - the event loop and the ownership of everything that hangs on it.
 *
 * Every handle (timer, serial port, socket, listener, process) is opened with
 * an owner. owner_close() closes all of them, whatever their state, and calls
 * back once the last is really gone; from the moment it is called no callback
 * of any of them runs again. So nobody has free-order logic. */
#ifndef MOONGATE_TOOLKIT_LOOP_H
#define MOONGATE_TOOLKIT_LOOP_H

#include <stdbool.h>

struct loop;
struct handle; /* toolkit/handle.h, for the toolkit's own files */

struct loop *loop_new(void);
void loop_run(struct loop *loop);  /* until loop_stop */
void loop_stop(struct loop *loop); /* from any callback */
void loop_free(struct loop *loop); /* asserts that nothing is open */

struct owner {
    struct loop *loop;
    struct handle *handles; /* open ones */
    unsigned closing;       /* handles whose close is under way */
    void (*closed)(void *arg);
    void *arg;
};

void owner_init(struct owner *owner, struct loop *loop);

/* Closes every handle of the owner; `closed` (may be NULL) runs on the loop,
 * never before this returns, when all are gone: only then may the memory that
 * holds the owner, and whatever callbacks used as `arg`, be freed. The owner
 * may be used again afterwards. */
void owner_close(struct owner *owner, void (*closed)(void *arg), void *arg);

/* Calls `fn` on SIGNUM; the handle belongs to `owner`. */
void loop_on_signal(struct owner *owner, int signum,
                    void (*fn)(void *arg, int signum), void *arg);

/* Runs `fn` once, before the loop waits for I/O again: batches what several
 * callbacks of one turn asked for. Belongs to nobody; cancel with the handle.*/
struct later;
struct later *later_new(struct owner *owner, void (*fn)(void *arg), void *arg);
void later_ask(struct later *later); /* idempotent until it has run */

#endif
