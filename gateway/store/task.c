/* task.c - a job of the store: one block of memory with the caller's arguments
 * copied into it, from task_new on the loop thread, over run on the store's
 * thread, to finish on the loop thread again. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/inside.h"
#include "toolkit/timer.h"

struct chunk {
    struct chunk *next;
};

enum { PROBE_MS = 1000 };

static void task_free(struct task *task)
{
    while (task->chunks) {
        struct chunk *chunk = task->chunks;

        task->chunks = chunk->next;
        free(chunk);
    }
    free(task);
}

/* A full disk is looked at again while nobody asks for anything. */
static void store_watch(struct store *store)
{
    if (atomic_load(&store->full) && !store->closing &&
        !timer_active(store->probe))
        timer_start(store->probe, PROBE_MS);
}

static void task_done(struct job *job)
{
    struct task *task = (struct task *)job;
    struct store *store = task->store;

    if (task->ops->finish)
        task->ops->finish(task, task->failed ? &task->err : NULL);
    if (task->ops->undo)
        task->ops->undo(task);
    store_watch(store);
    if (task->again && !task->failed) {
        worker_submit(store->worker, job);
        return;
    }
    if (task->ops->drop)
        task->ops->drop(task);
    task_free(task);
}

void *task_new(struct store *store, const struct task_ops *ops, size_t size,
               size_t room)
{
    struct task *task = xmalloc(size + room);

    memset(task, 0, size);
    task->ops = ops;
    task->store = store;
    task->room = (char *)task + size;
    task->left = room;
    task->job.done = task_done;
    return task;
}

void task_submit(struct task *task)
{
    worker_submit(task->store->worker, &task->job);
}

void *task_alloc(struct task *task, size_t size)
{
    struct chunk *chunk;
    void *room = task->room;

    size = (size + 7) & ~(size_t)7;
    if (size <= task->left) {
        task->room += size;
        task->left -= size;
        return room;
    }
    chunk = xmalloc(sizeof(*chunk) + size);
    chunk->next = task->chunks;
    task->chunks = chunk;
    return chunk + 1;
}

void *task_bytes(struct task *task, const void *bytes, size_t size)
{
    return bytes ? memcpy(task_alloc(task, size), bytes, size) : NULL;
}

char *task_text(struct task *task, const char *text)
{
    return text ? task_bytes(task, text, strlen(text) + 1) : NULL;
}

void plain_finish(struct task *task, const struct err *err)
{
    struct plain_task *plain = (struct plain_task *)task;

    if (plain->fn && !(task->again && !err))
        plain->fn(plain->arg, err);
}

void pair_submit(struct store *store, const struct task_ops *ops,
                 const struct pair_task *pair)
{
    struct pair_task *t = task_new(store, ops, sizeof(*t), 256);
    struct task *task = &t->plain.task;

    t->plain.fn = pair->plain.fn;
    t->plain.arg = pair->plain.arg;
    t->network = task_text(task, pair->network);
    t->account = task_text(task, pair->account);
    t->contact = task_text(task, pair->contact);
    t->on = pair->on;
    task_submit(task);
}
