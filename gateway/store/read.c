/* read.c - whose text was it that somebody has read? Nothing is stored of it: a
 * marker that is lost with a crash is no loss. */
#include "store/inside.h"

struct read_task {
    struct moved_task moved; /* first */
    const char *sim, *remote_id, *chat;
};

/* The message of the newest try that fits; 0: none. */
static bool find_message(struct store *store, const struct read_task *t,
                         int64_t *row, struct err *err)
{
    static const char find[] =
        "SELECT message, chat FROM attempt WHERE sim = ?1 AND remote_id = ?2"
        " AND submitted_at > ?3 ORDER BY id DESC LIMIT 64";
    struct db_rows *rows =
        db_query(store->db, find,
                 DB_VALUES(db_text(t->sim), db_text(t->remote_id),
                           db_int(store->now - REPORT_WINDOW)));

    *row = 0;
    while (*row == 0 && db_next(rows))
        if (!t->chat || recipients_alike(db_get_text(rows, 1), t->chat))
            *row = db_get_int(rows, 0);
    return db_end(rows, err);
}

static bool read_run(struct store *store, struct task *task, struct err *err)
{
    struct read_task *t = (struct read_task *)task;
    struct subject subject;
    bool found = false;
    int64_t row;

    if (!find_message(store, t, &row, err) ||
        (row != 0 && !moves_find(store, task, row, &subject, &found, err)))
        return false;
    if (found && subject.markable && subject.stanza_id &&
        subject.state == MESSAGE_DELIVERED)
        moved_fill(&t->moved, &subject, NULL);
    return true;
}

static const struct task_ops read_ops = {
    .run = read_run,
    .undo = moved_undo,
    .finish = moved_finish,
    .looks = true,
};

void store_read(struct store *store, const struct report *report,
                store_moved_fn *fn, void *arg)
{
    struct read_task *t = task_new(store, &read_ops, sizeof(*t), 512);
    struct task *task = &t->moved.task;

    t->moved.fn = fn;
    t->moved.arg = arg;
    t->sim = task_text(task, report->sim ? report->sim : "");
    t->remote_id = task_text(task, report->remote_id ? report->remote_id : "");
    t->chat = task_text(task, report->chat);
    task_submit(task);
}
