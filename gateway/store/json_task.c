/* json_task.c - tasks that answer with JSON objects. */
#include "store/json_task.h"

#include <json-c/json.h>
#include <stdlib.h>

#include "base/mem.h"

/* What earlier bites found stays. */
void json_undo(struct task *task)
{
    struct json_task *t = (struct json_task *)task;

    while (t->n > t->kept)
        json_object_put(t->objects[--t->n]);
}

void json_drop(struct task *task)
{
    struct json_task *t = (struct json_task *)task;

    t->kept = 0;
    json_undo(task);
    free(t->objects);
}

void json_finish(struct task *task, const struct err *err)
{
    struct json_task *t = (struct json_task *)task;

    t->kept = t->n;
    t->from = t->next;
    if (task->again && !err)
        return;
    for (size_t i = t->n; !err && i > 0; i--)
        t->fn(t->arg, t->objects[i - 1], NULL);
    t->fn(t->arg, NULL, err);
}

struct json_task *json_task_new(struct store *store, const struct task_ops *ops,
                                store_json_fn *fn, void *arg)
{
    struct json_task *t = task_new(store, ops, sizeof(*t), 256);

    t->fn = fn;
    t->arg = arg;
    return t;
}

void add_object(struct json_task *t, struct json_object *object)
{
    t->objects = xrealloc(t->objects, (t->n + 1) * sizeof(*t->objects));
    t->objects[t->n++] = object;
}

void put_text(struct json_object *object, const char *key, const char *text)
{
    json_object_object_add(object, key,
                           text ? json_object_new_string(text) : NULL);
}

void put_int(struct json_object *object, const char *key, int64_t n)
{
    json_object_object_add(object, key, json_object_new_int64(n));
}
