/* people.c - accounts, contacts and who sees whose presence. Long lists are
 * read a page at a time: each page is a task of its own, so that nothing waits
 * for a hundred thousand rows. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/inside.h"

enum { PAGE = 500, SUBSCRIPTIONS_MAX = 10000 };

/* --- pages of pairs ------------------------------------------------------- */

struct page_task {
    struct task task;
    store_account_fn *account_fn;
    store_contact_fn *contact_fn;
    void *arg;
    const char *network, *account;
    char *last_account, *last_contact; /* where the next page begins */
    char **accounts, **contacts;
    size_t n, limit;
    bool alone; /* no further page is read */
};

static void page_undo(struct task *task)
{
    struct page_task *t = (struct page_task *)task;

    for (size_t i = 0; i < t->n; i++) {
        free(t->accounts[i]);
        free(t->contacts[i]);
    }
    t->n = 0;
}

static void page_drop(struct task *task)
{
    struct page_task *t = (struct page_task *)task;

    free(t->last_account);
    free(t->last_contact);
}

static bool page_read(struct page_task *t, struct db_rows *rows, bool pairs,
                      struct err *err)
{
    for (t->n = 0; t->n < t->limit && db_next(rows); t->n++) {
        t->accounts[t->n] = xstrdup(db_get_text(rows, 0));
        t->contacts[t->n] = pairs ? xstrdup(db_get_text(rows, 1)) : NULL;
    }
    return db_end(rows, err);
}

/* After the callbacks: the last row is where the next page begins. */
static void page_turn(struct page_task *t)
{
    if (!t->task.again || t->n == 0)
        return;
    free(t->last_account);
    free(t->last_contact);
    t->last_account = xstrdup(t->accounts[t->n - 1]);
    t->last_contact = xstrdup(t->contacts[t->n - 1]);
}

static struct page_task *page_new(struct store *store,
                                  const struct task_ops *ops,
                                  const char *network, const char *account,
                                  size_t limit)
{
    struct page_task *t =
        task_new(store, ops, sizeof(*t), 2 * limit * sizeof(char *) + 256);

    t->limit = limit;
    t->accounts = task_alloc(&t->task, limit * sizeof(char *));
    t->contacts = task_alloc(&t->task, limit * sizeof(char *));
    t->network = task_text(&t->task, network);
    t->account = task_text(&t->task, account);
    return t;
}

static void account_page_finish(struct task *task, const struct err *err)
{
    struct page_task *t = (struct page_task *)task;

    for (size_t i = 0; !err && i < t->n; i++)
        t->account_fn(t->arg, t->accounts[i], NULL);
    if (err || !task->again)
        t->account_fn(t->arg, NULL, err);
    else
        page_turn(t);
}

/* --- accounts ------------------------------------------------------------- */

static bool accounts_run(struct store *store, struct task *task,
                         struct err *err)
{
    static const char find[] = "SELECT jid FROM account WHERE network = ?1"
                               " AND jid > ?2 ORDER BY jid LIMIT ?3";
    struct page_task *t = (struct page_task *)task;
    const char *last = t->last_account ? t->last_account : "";
    struct db_rows *rows =
        db_query(store->db, find,
                 DB_VALUES(db_text(t->network), db_text(last), db_int(PAGE)));

    if (!page_read(t, rows, false, err))
        return false;
    task->again = t->n == PAGE;
    return true;
}

static const struct task_ops accounts_ops = {
    .run = accounts_run,
    .undo = page_undo,
    .drop = page_drop,
    .finish = account_page_finish,
};

void store_accounts(struct store *store, const char *network,
                    store_account_fn *fn, void *arg)
{
    struct page_task *t = page_new(store, &accounts_ops, network, NULL, PAGE);

    t->account_fn = fn;
    t->arg = arg;
    task_submit(&t->task);
}

/* A contact's conversations: the account that was touched last comes first.
 * What goes over somebody's own line is nobody else's. */
static bool find_accounts_run(struct store *store, struct task *task,
                              struct err *err)
{
    static const char find[] =
        "SELECT c.account FROM conversation c JOIN account a"
        " ON a.network = c.network AND a.jid = c.account AND a.state = 0"
        " WHERE c.network = ?1 AND c.contact = ?2 AND NOT EXISTS"
        " (SELECT 1 FROM conversation t JOIN line l ON l.name = t.line"
        " WHERE t.network = c.network AND t.account = c.account"
        " AND t.contact = c.contact AND l.owner IS NOT NULL)"
        " GROUP BY c.account ORDER BY max(c.touched) DESC LIMIT ?3";
    struct page_task *t = (struct page_task *)task;

    return page_read(
        t,
        db_query(store->db, find,
                 DB_VALUES(db_text(t->network), db_text(t->account),
                           db_int((int64_t)t->limit))),
        false, err);
}

static const struct task_ops find_accounts_ops = {
    .run = find_accounts_run,
    .undo = page_undo,
    .drop = page_drop,
    .finish = account_page_finish,
    .looks = true,
};

void store_find_accounts(struct store *store, const char *network,
                         const char *contact, size_t limit,
                         store_account_fn *fn, void *arg)
{
    struct page_task *t = page_new(store, &find_accounts_ops, network, contact,
                                   limit < PAGE ? limit : PAGE);

    t->account_fn = fn;
    t->arg = arg;
    task_submit(&t->task);
}

/* --- subscriptions -------------------------------------------------------- */

static bool subscription_room(struct store *store, const struct pair_task *t,
                              struct err *err)
{
    static const char count[] = "SELECT count(*) FROM subscription"
                                " WHERE network = ?1 AND account = ?2";
    struct db_rows *rows = db_query(
        store->db, count, DB_VALUES(db_text(t->network), db_text(t->account)));
    bool room = !db_next(rows) || db_get_int(rows, 0) < SUBSCRIPTIONS_MAX;

    if (!db_end(rows, err))
        return false;
    return room || err_set(err, ERR_LIMITED, "too many contacts");
}

static bool subscribe_run(struct store *store, struct task *task,
                          struct err *err)
{
    static const char insert[] =
        "INSERT INTO subscription (network, account, contact)"
        " VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    static const char drop[] = "DELETE FROM subscription WHERE network = ?1"
                               " AND account = ?2 AND contact = ?3";
    struct pair_task *t = (struct pair_task *)task;
    const struct db_value values[] = { db_text(t->network), db_text(t->account),
                                       db_text(t->contact) };

    if (!t->on)
        return db_run(store->db, drop, values, 3, err) &&
               (db_changed(store->db) == 0 || !t->contact[0] ||
                contact_taken_off(store, t->network, t->account, t->contact,
                                  err));
    return subscription_room(store, t, err) &&
           db_run(store->db, insert, values, 3, err);
}

static const struct task_ops subscribe_ops = {
    .run = subscribe_run,
    .finish = plain_finish,
    .writes = true,
};

void store_subscribe(struct store *store, const char *network,
                     const char *account, const char *contact, bool on,
                     store_fn *fn, void *arg)
{
    struct pair_task pair = { .plain = { .fn = fn, .arg = arg },
                              .network = network,
                              .account = account,
                              .contact = contact,
                              .on = on };

    pair_submit(store, &subscribe_ops, &pair);
}

static bool subscriptions_run(struct store *store, struct task *task,
                              struct err *err)
{
    static const char of_account[] =
        "SELECT account, contact FROM subscription WHERE network = ?1"
        " AND account = ?2 AND contact > ?3 ORDER BY contact LIMIT ?4";
    static const char of_all[] =
        "SELECT account, contact FROM subscription WHERE network = ?1"
        " AND (account, contact) > (?2, ?3) ORDER BY account, contact LIMIT ?4";
    struct page_task *t = (struct page_task *)task;
    const char *account = t->last_account ? t->last_account : "";
    const char *contact = t->last_contact ? t->last_contact : "";
    struct db_rows *rows =
        db_query(store->db, t->account ? of_account : of_all,
                 DB_VALUES(db_text(t->network),
                           db_text(t->account ? t->account : account),
                           db_text(contact), db_int(PAGE)));

    if (!page_read(t, rows, true, err))
        return false;
    task->again = t->n == PAGE && !t->alone;
    return true;
}

static void subscriptions_finish(struct task *task, const struct err *err)
{
    struct page_task *t = (struct page_task *)task;

    for (size_t i = 0; !err && i < t->n; i++)
        t->contact_fn(t->arg, t->accounts[i], t->contacts[i]);
    if (err || !task->again)
        t->contact_fn(t->arg, NULL, NULL);
    else
        page_turn(t);
}

static const struct task_ops subscriptions_ops = {
    .run = subscriptions_run,
    .undo = page_undo,
    .drop = page_drop,
    .finish = subscriptions_finish,
};

void store_subscriptions(struct store *store, const char *network,
                         const char *account, store_contact_fn *fn, void *arg)
{
    struct page_task *t =
        page_new(store, &subscriptions_ops, network, account, PAGE);

    t->contact_fn = fn;
    t->arg = arg;
    task_submit(&t->task);
}

void store_subscriptions_page(struct store *store, const char *network,
                              const char *account, const char *contact,
                              store_contact_fn *fn, void *arg)
{
    struct page_task *t =
        page_new(store, &subscriptions_ops, network, NULL, PAGE);

    t->contact_fn = fn;
    t->arg = arg;
    t->alone = true;
    t->last_account = xstrdup(account);
    t->last_contact = xstrdup(contact);
    task_submit(&t->task);
}
