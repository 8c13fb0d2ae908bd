/* json_task.h - a task that answers with JSON objects; within the store only.
 * Its `run` may come again for a further bite: what earlier ones found stays.
 */
#ifndef MOONGATE_STORE_JSON_TASK_H
#define MOONGATE_STORE_JSON_TASK_H

#include "store/inside.h"
#include "store/manage.h"

struct json_task {
    struct task task;
    store_json_fn *fn;
    void *arg;
    struct json_object **objects; /* the last is told first */
    size_t n, kept, limit;        /* kept: from earlier bites */
    const char *network, *account, *state, *id;
    int64_t from, next; /* go on below this message; 0: begin */
};

/* For struct task_ops. */
void json_undo(struct task *task);
void json_drop(struct task *task);
void json_finish(struct task *task, const struct err *err);

struct json_task *json_task_new(struct store *store, const struct task_ops *ops,
                                store_json_fn *fn, void *arg);
void add_object(struct json_task *t, struct json_object *object); /* takes it */

void put_text(struct json_object *object, const char *key, const char *text);
void put_int(struct json_object *object, const char *key, int64_t n);

#endif
