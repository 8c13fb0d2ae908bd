/* inspect.h - what the control socket may ask of the running gateway. */
#ifndef MOONGATE_INSPECT_H
#define MOONGATE_INSPECT_H

#include <stddef.h>

struct component;
struct control_source;
struct core;
struct inspect;

/* `components` are in the order of core->networks. Both must outlive it. */
struct inspect *inspect_new(struct core *core, struct component **components,
                            size_t n);
void inspect_free(struct inspect *inspect); /* NULL is fine */

/* The function table whose `arg` is a struct inspect. */
const struct control_source *inspect_source(void);

#endif
