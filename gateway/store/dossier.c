/* dossier.c - what is known of an account: lists of contacts and of whom it has
 * blocked, all of it as one document, and the forgetting of it. */
#include <json-c/json.h>
#include <string.h>

#include "base/mem.h"
#include "store/json_task.h"
#include "store/manage.h"

enum { CONTACTS_MAX = 10000, MESSAGES_MAX = 1000 };

/* --- lists ---------------------------------------------------------------- */

/* Rows of one or two texts; the column names are the members. */
struct columns {
    const char *sql; /* of network and account */
    const char *names[2];
};

static const struct columns contacts = {
    "SELECT c.address, coalesce(c.name, (SELECT o.name FROM contact o"
    " WHERE o.network = ?1 AND o.account = '' AND o.address = c.address))"
    " FROM contact c WHERE c.network = ?1 AND c.account = ?2"
    " AND c.roster <> 2 ORDER BY c.address DESC",
    { "address", "name" },
};

static const struct columns blocked = {
    "SELECT contact FROM block WHERE network = ?1 AND account = ?2"
    " ORDER BY contact DESC",
    { "address" },
};

static const struct columns subscriptions = {
    "SELECT contact FROM subscription WHERE network = ?1 AND account = ?2"
    " ORDER BY contact DESC",
    { "address" },
};

/* Those that have a URL of their own: ATTACHMENT_PUBLISHED. */
static const struct columns media = {
    "SELECT a.url, a.name FROM conversation c"
    " JOIN message m ON m.conv = c.id JOIN attachment a ON a.message = m.id"
    " WHERE c.network = ?1 AND c.account = ?2 AND a.state = 1"
    " ORDER BY a.message DESC, a.n DESC",
    { "url", "name" },
};

static struct json_object *columns_object(const struct columns *columns,
                                          struct db_rows *rows)
{
    struct json_object *object = json_object_new_object();

    for (int i = 0; i < 2 && columns->names[i]; i++) {
        const char *text = db_get_text(rows, i);

        put_text(object, columns->names[i], text ? text : "");
    }
    return object;
}

static struct db_rows *columns_query(struct store *store,
                                     const struct json_task *t,
                                     const struct columns *columns)
{
    return db_query(store->db, columns->sql,
                    DB_VALUES(db_text(t->network), db_text(t->account)));
}

static bool list_columns(struct store *store, struct json_task *t,
                         const struct columns *columns, struct err *err)
{
    struct db_rows *rows = columns_query(store, t, columns);

    while (t->n < CONTACTS_MAX && db_next(rows))
        add_object(t, columns_object(columns, rows));
    return db_end(rows, err);
}

static bool contacts_run(struct store *store, struct task *task,
                         struct err *err)
{
    return list_columns(store, (struct json_task *)task, &contacts, err);
}

static bool blocked_run(struct store *store, struct task *task, struct err *err)
{
    return list_columns(store, (struct json_task *)task, &blocked, err);
}

static void dossier_submit(struct store *store, const struct task_ops *ops,
                           const char *network, const char *account,
                           store_json_fn *fn, void *arg)
{
    struct json_task *t = json_task_new(store, ops, fn, arg);

    t->network = task_text(&t->task, network);
    t->account = task_text(&t->task, account);
    task_submit(&t->task);
}

void store_contacts(struct store *store, const char *network,
                    const char *account, store_json_fn *fn, void *arg)
{
    static const struct task_ops ops = { .run = contacts_run,
                                         .undo = json_undo,
                                         .drop = json_drop,
                                         .finish = json_finish };

    dossier_submit(store, &ops, network, account, fn, arg);
}

void store_blocked(struct store *store, const char *network,
                   const char *account, store_json_fn *fn, void *arg)
{
    static const struct task_ops ops = { .run = blocked_run,
                                         .undo = json_undo,
                                         .drop = json_drop,
                                         .finish = json_finish };

    dossier_submit(store, &ops, network, account, fn, arg);
}

/* --- export --------------------------------------------------------------- */

static bool put_columns(struct store *store, const struct json_task *t,
                        struct json_object *object, const char *key,
                        const struct columns *columns, struct err *err)
{
    struct json_object *array = json_object_new_array();
    struct db_rows *rows = columns_query(store, t, columns);

    json_object_object_add(object, key, array);
    while (json_object_array_length(array) < CONTACTS_MAX && db_next(rows))
        json_object_array_add(array, columns_object(columns, rows));
    return db_end(rows, err);
}

static bool put_account(struct store *store, const struct json_task *t,
                        struct json_object *object, struct err *err)
{
    static const char find[] = "SELECT jid, created, settings, limits"
                               " FROM account WHERE network = ?1 AND jid = ?2";
    struct json_object *account = json_object_new_object();
    struct db_rows *rows = db_query(
        store->db, find, DB_VALUES(db_text(t->network), db_text(t->account)));

    json_object_object_add(object, "account", account);
    put_text(account, "network", t->network);
    if (db_next(rows)) {
        put_text(account, "jid", db_get_text(rows, 0));
        put_int(account, "created", db_get_int(rows, 1));
        put_text(account, "settings", db_get_text(rows, 2));
        if (db_get_text(rows, 3))
            put_text(account, "limits", db_get_text(rows, 3));
    }
    return db_end(rows, err);
}

static struct json_object *message_object(struct db_rows *rows)
{
    struct json_object *object = json_object_new_object();
    struct id id = { { 0 } };
    size_t size;
    const void *bytes = db_get_blob(rows, 0, &size);

    if (size == sizeof(id))
        memcpy(&id, bytes, size);
    put_text(object, "id", id_text(&id).text);
    put_text(object, "direction",
             db_get_int(rows, 1) == TO_LINE ? "to_line" : "to_xmpp");
    put_text(object, "contact", db_get_text(rows, 2));
    put_text(object, "state", message_state_name(db_get_state(rows, 3)));
    put_int(object, "created", db_get_int(rows, 4));
    put_text(object, "text", db_get_text(rows, 5));
    return object;
}

static bool put_messages(struct store *store, const struct json_task *t,
                         struct json_object *object, struct err *err)
{
    static const char find[] =
        "SELECT m.mid, m.direction, c.contact, m.state, m.created, b.text"
        " FROM conversation c JOIN message m ON m.conv = c.id"
        " LEFT JOIN body b ON b.message = m.id"
        " WHERE c.network = ?1 AND c.account = ?2"
        " ORDER BY m.id DESC LIMIT ?3";
    struct json_object *array = json_object_new_array();
    struct db_rows *rows =
        db_query(store->db, find,
                 DB_VALUES(db_text(t->network), db_text(t->account),
                           db_int(MESSAGES_MAX + 1)));

    json_object_object_add(object, "messages", array);
    while (json_object_array_length(array) < MESSAGES_MAX && db_next(rows))
        json_object_array_add(array, message_object(rows));
    if (json_object_array_length(array) == MESSAGES_MAX && db_next(rows))
        put_text(object, "note", "older messages are not in this list");
    return db_end(rows, err);
}

static bool export_run(struct store *store, struct task *task, struct err *err)
{
    struct json_task *t = (struct json_task *)task;
    struct json_object *object = json_object_new_object();

    add_object(t, object);
    return put_account(store, t, object, err) &&
           put_columns(store, t, object, "contacts", &contacts, err) &&
           put_columns(store, t, object, "blocked", &blocked, err) &&
           put_columns(store, t, object, "subscriptions", &subscriptions,
                       err) &&
           put_messages(store, t, object, err) &&
           put_columns(store, t, object, "media", &media, err);
}

void store_export(struct store *store, const char *network, const char *account,
                  store_json_fn *fn, void *arg)
{
    static const struct task_ops ops = { .run = export_run,
                                         .undo = json_undo,
                                         .drop = json_drop,
                                         .finish = json_finish,
                                         .looks = true };

    dossier_submit(store, &ops, network, account, fn, arg);
}

/* --- erase ---------------------------------------------------------------- */

#define HIS_ENDED                                                              \
    " IN (SELECT m.id FROM conversation c JOIN message m ON m.conv = c.id"     \
    " WHERE c.network = ?1 AND c.account = ?2 AND m.state >= ?3)"

static bool erase_run(struct store *store, struct task *task, struct err *err)
{
    static const char *const of_messages[] = {
        "DELETE FROM body WHERE message" HIS_ENDED,
        "DELETE FROM part WHERE message" HIS_ENDED,
        "DELETE FROM attachment WHERE message" HIS_ENDED,
        "DELETE FROM attempt WHERE message" HIS_ENDED,
        "DELETE FROM message WHERE owed = 0 AND id" HIS_ENDED,
    };
    static const char *const of_account[] = {
        "DELETE FROM contact WHERE network = ?1 AND account = ?2",
        "DELETE FROM block WHERE network = ?1 AND account = ?2",
        "DELETE FROM seen WHERE source = ?2",
        "DELETE FROM conversation WHERE network = ?1 AND account = ?2"
        " AND NOT EXISTS (SELECT 1 FROM message m WHERE m.conv ="
        " conversation.id)",
    };
    struct pair_task *t = (struct pair_task *)task;
    const struct db_value values[] = { db_text(t->network), db_text(t->account),
                                       db_state(MESSAGE_SENT) };

    for (size_t i = 0; i < 5; i++) {
        if (!db_run(store->db, of_messages[i], values, 3, err))
            return false;
    }
    for (size_t i = 0; i < sizeof(of_account) / sizeof(of_account[0]); i++) {
        if (!db_run(store->db, of_account[i], values, 2, err))
            return false;
    }
    conversations_forget(store);
    return true;
}

void store_erase(struct store *store, const char *network, const char *account,
                 store_fn *fn, void *arg)
{
    static const struct task_ops ops = {
        .run = erase_run, .finish = plain_finish, .writes = true, .looks = true
    };
    struct pair_task pair = { .plain = { .fn = fn, .arg = arg },
                              .network = network,
                              .account = account };

    pair_submit(store, &ops, &pair);
}
