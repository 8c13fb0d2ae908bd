/* attachments.c - rows of attachments: in with their message, read with it, and
 * settled once the core knows what became of one. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/inside.h"

bool attachments_insert(struct store *store, int64_t message,
                        const struct entry *entry, struct err *err)
{
    static const char insert[] =
        "INSERT INTO attachment (message, n, url, type, name, size, state,"
        " line) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

    for (size_t i = 0; i < entry->n_attachments; i++) {
        const struct attachment_row *row = &entry->attachments[i];

        if (!db_run(store->db, insert,
                    DB_VALUES(db_int(message), db_int((int64_t)i),
                              db_text(row->url), db_text(row->type),
                              db_text(row->name), db_some(row->size),
                              db_int(row->state), db_text(row->line)),
                    err))
            return false;
    }
    return true;
}

/* A row's text in heap memory. */
static char *own_text(struct db_rows *rows, int column)
{
    const char *text = db_get_text(rows, column);

    return text ? xstrdup(text) : NULL;
}

bool attachments_read(struct store *store, struct delivery *delivery,
                      struct err *err)
{
    static const char find[] =
        "SELECT url, type, name, size, state, line FROM attachment"
        " WHERE message = ?1 ORDER BY n LIMIT ?2";
    struct db_rows *rows =
        db_query(store->db, find,
                 DB_VALUES(db_int(delivery->row), db_int(ATTACHMENTS_MAX)));

    delivery->attachments =
        xcalloc(ATTACHMENTS_MAX, sizeof(*delivery->attachments));
    while (db_next(rows))
        delivery->attachments[delivery->n_attachments++] =
            (struct attachment_row){
                .url = own_text(rows, 0),
                .type = own_text(rows, 1),
                .name = own_text(rows, 2),
                .size = db_get_int(rows, 3),
                .state = (enum attachment_state)db_get_int(rows, 4),
                .line = own_text(rows, 5),
            };
    return db_end(rows, err);
}

void attachments_free(struct delivery *delivery)
{
    for (size_t i = 0; i < delivery->n_attachments; i++) {
        struct attachment_row *row = &delivery->attachments[i];

        free(row->url);
        free(row->type);
        free(row->name);
        free(row->line);
    }
    free(delivery->attachments);
}

/* --- copies -------------------------------------------------------------- */

static size_t text_size(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

size_t attachments_size(const struct attachment_row *rows, size_t n)
{
    size_t size = n * sizeof(*rows);

    for (size_t i = 0; i < n; i++)
        size += text_size(rows[i].url) + text_size(rows[i].type) +
                text_size(rows[i].name) + text_size(rows[i].line);
    return (size + 7) & ~(size_t)7; /* rows of parts may follow */
}

static char *pack(char **text, char *room)
{
    size_t size = text_size(*text);

    if (size > 0)
        *text = memcpy(room, *text, size);
    return room + size;
}

struct attachment_row *attachments_copy(const struct attachment_row *rows,
                                        size_t n, char *room)
{
    struct attachment_row *copy = (struct attachment_row *)(void *)room;

    if (n == 0)
        return NULL;
    memcpy(copy, rows, n * sizeof(*rows));
    room += n * sizeof(*rows);
    for (size_t i = 0; i < n; i++) {
        room = pack(&copy[i].url, room);
        room = pack(&copy[i].type, room);
        room = pack(&copy[i].name, room);
        room = pack(&copy[i].line, room);
    }
    return copy;
}

/* --- store_attachment ----------------------------------------------------- */

struct settle_task {
    struct plain_task plain; /* first */
    int64_t message;
    size_t n;
    struct attachment_row row;
};

static bool settle_run(struct store *store, struct task *task, struct err *err)
{
    static const char update[] =
        "UPDATE attachment SET state = ?3, url = ?4, type = ?5, size = ?6"
        " WHERE message = ?1 AND n = ?2";
    struct settle_task *t = (struct settle_task *)task;

    return db_run(store->db, update,
                  DB_VALUES(db_int(t->message), db_int((int64_t)t->n),
                            db_int(t->row.state), db_text(t->row.url),
                            db_text(t->row.type), db_some(t->row.size)),
                  err);
}

static const struct task_ops settle_ops = {
    .run = settle_run,
    .finish = plain_finish,
    .writes = true,
};

void store_attachment(struct store *store, int64_t message, size_t n,
                      const struct attachment_row *row,
                      void (*fn)(void *arg, const struct err *err), void *arg)
{
    struct settle_task *t = task_new(store, &settle_ops, sizeof(*t), 512);

    t->plain.fn = fn;
    t->plain.arg = arg;
    t->message = message;
    t->n = n;
    t->row = *row;
    t->row.url = task_text(&t->plain.task, row->url);
    t->row.type = task_text(&t->plain.task, row->type);
    task_submit(&t->plain.task);
}
