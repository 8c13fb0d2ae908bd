/* reports.c - what the far side says later about parts that were sent.
 *
 * A report names a part by the SIM, the remote id and the end of the
 * recipient's number. Remote ids are reused (GSM has 256), so it settles a part
 * only when exactly one that still waits for a word fits; the far side's time
 * of submission may decide between several. A report whose id nobody knows may
 * belong to a part of unknown outcome, whose id was never heard, or to one
 * whose answer is still on its way: it is kept for an hour (sweep.c). What a
 * report does to its message is in verdicts.c. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/inside.h"

bool seen_note(struct store *store, const char *source, const char *key,
               bool *again, struct err *err)
{
    static const char insert[] = "INSERT INTO seen (source, key, at)"
                                 " VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

    *again = false;
    if (!key)
        return true;
    if (!db_run(store->db, insert,
                DB_VALUES(db_text(source ? source : ""), db_text(key),
                          db_int(store->now)),
                err))
        return false;
    *again = db_changed(store->db) == 0;
    store->counts[COUNT_DUPLICATE] += *again;
    return true;
}

enum { CANDIDATES_MAX = 64, ORPHANS_MAX = 10000 };

/* How far apart the far side's clock and ours may be. */
static const int64_t report_skew = (int64_t)5 * 60 * 1000;

/* --- store_report --------------------------------------------------------- */

struct report_task {
    struct moved_task moved;
    struct report report;
};

struct match {
    struct attempt found[CANDIDATES_MAX];
    size_t n;
    bool settled; /* one that fits has had its word already */
};

static void match_add(struct match *match, const struct attempt *attempt,
                      const struct report *report, bool part_delivered)
{
    bool waits = attempt->outcome == ATTEMPT_SENT ||
                 attempt->outcome == ATTEMPT_UNSURE ||
                 (attempt->outcome == ATTEMPT_UNDELIVERED && report->delivered);

    if (!waits || part_delivered) {
        match->settled = true;
        return;
    }
    for (size_t i = 0; i < match->n; i++)
        if (attempt_same_part(&match->found[i], attempt))
            return; /* the newest try stands for the part */
    if (match->n < CANDIDATES_MAX)
        match->found[match->n++] = *attempt;
}

static bool match_find(struct store *store, const struct report *report,
                       struct match *match, struct err *err)
{
    static const char find[] =
        "SELECT id, message, part, n, submitted_at, outcome, chat,"
        " (SELECT state FROM part WHERE message = attempt.message"
        " AND n = attempt.part)"
        " FROM attempt WHERE sim = ?1 AND remote_id = ?2"
        " AND submitted_at > ?3 ORDER BY id DESC LIMIT 64";
    struct db_rows *rows =
        db_query(store->db, find,
                 DB_VALUES(db_text(report->sim), db_text(report->remote_id),
                           db_int(store->now - REPORT_WINDOW)));
    struct attempt attempt;

    match->n = 0;
    match->settled = false;
    while (db_next(rows)) {
        attempt_from(rows, &attempt);
        if (!report->chat ||
            recipients_alike(db_get_text(rows, 6), report->chat))
            match_add(match, &attempt, report,
                      db_get_int(rows, 7) == PART_DELIVERED);
    }
    return db_end(rows, err);
}

/* Several parts fit: those submitted when the far side says it got it. */
static void match_narrow(struct match *match, int64_t at)
{
    size_t n = 0;

    if (match->n < 2 || at == 0)
        return;
    for (size_t i = 0; i < match->n; i++) {
        int64_t apart = at - match->found[i].submitted_at;

        if (apart >= -report_skew && apart <= report_skew)
            match->found[n++] = match->found[i];
    }
    match->n = n;
}

static bool orphan_keep(struct store *store, const struct report *report,
                        struct err *err)
{
    static const char insert[] =
        "INSERT INTO report (id, sim, remote_id, chat, delivered, at, arrived,"
        " err_kind, err_code, err_text)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    const struct err *why = report->err;

    if (!report->final || store->orphans >= ORPHANS_MAX)
        return true;
    store->orphans++;
    return db_run(store->db, insert,
                  DB_VALUES(db_int(++store->last_report), db_text(report->sim),
                            db_text(report->remote_id),
                            db_text(report->chat ? report->chat : ""),
                            db_int(report->delivered), db_some(report->at),
                            db_int(store->now), db_some(why ? why->kind : 0),
                            db_text(why ? text_or_null(why->code) : NULL),
                            db_text(why ? text_or_null(why->text) : NULL)),
                  err);
}

/* Still trying: shown in the trace. */
static bool report_pending(struct store *store, const struct report *report,
                           const struct attempt *attempt, struct err *err)
{
    static const char note[] = "UPDATE attempt SET error = ?2 WHERE id = ?1";
    const char *text = report->err ? text_or_null(report->err->text) : NULL;

    return db_run(
        store->db, note,
        DB_VALUES(db_int(attempt->id), db_text(text ? text : "pending")), err);
}

static bool report_settle(struct store *store, struct report_task *t,
                          const struct attempt *attempt, struct err *err)
{
    const struct report *report = &t->report;
    struct verdict verdict = { report->delivered, report->err };
    struct subject subject;
    bool found, done = false;

    if (!report->final && !report->delivered)
        return report_pending(store, report, attempt, err);
    if (!moves_find(store, &t->moved.task, attempt->message, &subject, &found,
                    err))
        return false;
    if (!found)
        return attempt_settle(store, attempt, &verdict, err);
    if (!verdict_apply(store, &subject, attempt, &verdict, &done, err))
        return false;
    if (done)
        moved_fill(&t->moved, &subject, report->delivered ? NULL : report->err);
    return true;
}

static bool report_match(struct store *store, struct report_task *t,
                         struct match *match, struct err *err)
{
    const struct report *report = &t->report;

    if (!match_find(store, report, match, err))
        return false;
    match_narrow(match, report->at);
    if (match->n == 1)
        return report_settle(store, t, &match->found[0], err);
    if (match->n > 1) {
        log_info("a report settles no part: several fit");
        return true;
    }
    /* A second word on the same part, or, ids being reused, the first on one
     * whose answer is still on its way: that one will look for it. */
    if (match->settled)
        return orphan_keep(store, report, err);
    if (!unsure_like(store, report->sim, report->chat, match->found, &match->n,
                     err))
        return false;
    if (match->n != 1)
        return orphan_keep(store, report, err);
    return attempt_name(store, &match->found[0], report->remote_id, err) &&
           report_settle(store, t, &match->found[0], err);
}

static bool report_run(struct store *store, struct task *task, struct err *err)
{
    struct report_task *t = (struct report_task *)task;
    struct match *match;
    bool again, good;

    if (!seen_note(store, t->report.source, t->report.key, &again, err))
        return false;
    if (again)
        return true;
    match = xmalloc(sizeof(*match));
    good = report_match(store, t, match, err);
    free(match);
    return good;
}

static const struct task_ops report_ops = {
    .run = report_run,
    .undo = moved_undo,
    .finish = moved_finish,
    .writes = true,
};

void store_report(struct store *store, const struct report *report,
                  store_moved_fn *fn, void *arg)
{
    struct report_task *t = task_new(store, &report_ops, sizeof(*t), 512);
    struct task *task = &t->moved.task;

    t->moved.fn = fn;
    t->moved.arg = arg;
    t->report = *report;
    t->report.sim = task_text(task, report->sim ? report->sim : "");
    t->report.remote_id =
        task_text(task, report->remote_id ? report->remote_id : "");
    t->report.chat = task_text(task, report->chat);
    t->report.source = task_text(task, report->source);
    t->report.key = task_text(task, report->key);
    t->report.err = task_bytes(task, report->err, sizeof(*report->err));
    task_submit(task);
}
