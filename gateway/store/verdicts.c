/* verdicts.c - what a report does to its attempt, part and message, and the
 * reports that came before their part's answer. One positive word wins over
 * any negative one, as long as the sender has not been told. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/inside.h"

enum { DIGITS_ALIKE = 7 };

/* --- recipients ----------------------------------------------------------- */

static size_t last_digits(const char *text, char out[DIGITS_ALIKE])
{
    size_t n = 0;

    for (size_t i = strlen(text); i > 0 && n < DIGITS_ALIKE; i--)
        if (isdigit((unsigned char)text[i - 1]))
            out[n++] = text[i - 1];
    return n;
}

bool recipients_alike(const char *a, const char *b)
{
    char x[DIGITS_ALIKE], y[DIGITS_ALIKE];
    size_t n = last_digits(a, x), m = last_digits(b, y);

    if (n == 0 && m == 0)
        return strcmp(a, b) == 0;
    return n == m && memcmp(x, y, n) == 0;
}

bool attempt_name(struct store *store, const struct attempt *attempt,
                  const char *remote_id, struct err *err)
{
    static const char update[] =
        "UPDATE attempt SET remote_id = ?2 WHERE id = ?1 AND remote_id IS NULL";

    return db_run(
        store->db, update,
        DB_VALUES(db_int(attempt->id), db_text(text_or_null(remote_id))), err);
}

/* --- applying ------------------------------------------------------------- */

bool attempt_settle(struct store *store, const struct attempt *attempt,
                    const struct verdict *verdict, struct err *err)
{
    static const char update[] = "UPDATE attempt SET outcome = ?2, error = ?3,"
                                 " settled_at = ?4 WHERE id = ?1";
    int64_t outcome =
        verdict->delivered ? ATTEMPT_DELIVERED : ATTEMPT_UNDELIVERED;
    const char *text = verdict->err ? verdict->err->text : NULL;

    return db_run(store->db, update,
                  DB_VALUES(db_int(attempt->id), db_int(outcome),
                            db_text(text_or_null(text)), db_int(store->now)),
                  err);
}

static bool read_pair(struct db_rows *rows, int64_t pair[2], struct err *err)
{
    pair[0] = pair[1] = 0;
    if (db_next(rows)) {
        pair[0] = db_get_int(rows, 0);
        pair[1] = db_get_int(rows, 1);
    }
    return db_end(rows, err);
}

/* Of a text that went by a key no parts are kept: only once it has been sent as
 * a whole is it known by its tries how many there are. */
static bool all_delivered(struct store *store, const struct subject *subject,
                          bool *all, struct err *err)
{
    static const char of_parts[] =
        "SELECT count(*), count(CASE WHEN state = ?2 THEN 1 END)"
        " FROM part WHERE message = ?1";
    static const char of_attempts[] =
        "SELECT count(DISTINCT part),"
        " count(DISTINCT CASE WHEN outcome = ?2 THEN part END)"
        " FROM attempt WHERE message = ?1 AND outcome <> ?3";
    int64_t n[2], message = subject->row;

    if (!read_pair(db_query(store->db, of_parts,
                            DB_VALUES(db_int(message), db_int(PART_DELIVERED))),
                   n, err))
        return false;
    *all = false;
    if (n[0] == 0 && subject->state != MESSAGE_SENT)
        return true;
    if (n[0] == 0 && !read_pair(db_query(store->db, of_attempts,
                                         DB_VALUES(db_int(message),
                                                   db_int(ATTEMPT_DELIVERED),
                                                   db_int(ATTEMPT_ABANDONED))),
                                n, err))
        return false;
    *all = n[0] > 0 && n[0] == n[1];
    return true;
}

/* A word on an old try of a part that was sent again since says little when it
 * is negative; nor does it when another try was delivered. */
static bool is_superseded(struct store *store, const struct attempt *attempt,
                          bool *superseded, struct err *err)
{
    static const char find[] =
        "SELECT count(*), count(*) FROM attempt WHERE message = ?1"
        " AND part = ?2 AND id <> ?3 AND (id > ?3 OR outcome = ?4)";
    int64_t n[2];
    bool good = read_pair(
        db_query(store->db, find,
                 DB_VALUES(db_int(attempt->message), db_int(attempt->part),
                           db_int(attempt->id), db_int(ATTEMPT_DELIVERED))),
        n, err);

    *superseded = n[0] > 0;
    return good;
}

static bool may_deliver(const struct subject *subject)
{
    if (subject->state == MESSAGE_FAILED)
        return subject->owed == OWED_ERROR;
    return subject->state != MESSAGE_DELIVERED;
}

static bool message_delivered(struct store *store, struct subject *subject,
                              bool *done, struct err *err)
{
    struct change change = {
        .to = MESSAGE_DELIVERED,
        .attempt = subject->attempt,
        .owed = subject->receipt ? OWED_RECEIPT : OWED_NOTHING,
    };
    bool all;

    if (!all_delivered(store, subject, &all, err))
        return false;
    if (!all || !may_deliver(subject))
        return true;
    return moves_apply(store, subject, &change, done, err);
}

static bool message_undelivered(struct store *store, struct subject *subject,
                                const struct err *why, bool *done,
                                struct err *err)
{
    bool to_line = subject->conv->sink->direction == TO_LINE;
    struct change change = {
        .to = MESSAGE_FAILED,
        .attempt = subject->attempt,
        .owed = to_line ? OWED_ERROR : OWED_NOTHING,
        .err = why,
    };

    if (subject->state == MESSAGE_DELIVERED || subject->state == MESSAGE_FAILED)
        return true;
    return moves_apply(store, subject, &change, done, err);
}

bool verdict_apply(struct store *store, struct subject *subject,
                   const struct attempt *attempt, const struct verdict *verdict,
                   bool *done, struct err *err)
{
    bool superseded = false;

    *done = false;
    if (!attempt_settle(store, attempt, verdict, err))
        return false;
    if (verdict->delivered)
        return part_set(store, subject->row, attempt->part, PART_DELIVERED,
                        err) &&
               message_delivered(store, subject, done, err);
    if (!is_superseded(store, attempt, &superseded, err))
        return false;
    return superseded ||
           (part_set(store, subject->row, attempt->part, PART_FAILED, err) &&
            message_undelivered(store, subject, verdict->err, done, err));
}

/* --- attempts that wait -------------------------------------------------- */

void attempt_from(struct db_rows *rows, struct attempt *attempt)
{
    *attempt = (struct attempt){
        .id = db_get_int(rows, 0),
        .message = db_get_int(rows, 1),
        .part = (unsigned)db_get_int(rows, 2),
        .n = (unsigned)db_get_int(rows, 3),
        .submitted_at = db_get_int(rows, 4),
        .outcome = (enum attempt_outcome)db_get_int(rows, 5),
    };
}

bool attempt_same_part(const struct attempt *a, const struct attempt *b)
{
    return a->message == b->message && a->part == b->part;
}

bool unsure_like(struct store *store, const char *sim, const char *chat,
                 bool resent, struct attempt *attempt, size_t *n,
                 struct err *err)
{
    /* An unsure try of a part that another try has settled waits no more. */
    static const char find[] =
        "SELECT " ATTEMPT_COLUMNS " WHERE sim = ?1 AND outcome = 3"
        " AND submitted_at > ?2 AND EXISTS (SELECT 1 FROM part p"
        " WHERE p.message = attempt.message AND p.n = attempt.part"
        " AND p.state IN (?3, ?4)) ORDER BY id DESC LIMIT 64";
    struct db_rows *rows =
        db_query(store->db, find,
                 DB_VALUES(db_text(sim), db_int(store->now - REPORT_WINDOW),
                           db_int(PART_UNSURE),
                           db_int(resent ? PART_SUBMITTING : PART_UNSURE)));
    struct attempt one;

    *n = 0;
    while (db_next(rows)) {
        attempt_from(rows, &one);
        if (chat && !recipients_alike(db_get_text(rows, 6), chat))
            continue;
        if (*n > 0 && attempt_same_part(attempt, &one))
            continue;
        *attempt = one;
        ++*n;
    }
    return db_end(rows, err);
}

/* --- early reports -------------------------------------------------------- */

/* The columns of both queries below. */
#define ORPHAN "id, chat, delivered, err_kind, err_code, err_text, remote_id"

struct orphan {
    int64_t id;
    size_t fitting;
    bool delivered;
    char remote_id[64];
    struct err err;
};

static void orphan_read(struct db_rows *rows, struct orphan *orphan)
{
    const char *code = db_get_text(rows, 4), *text = db_get_text(rows, 5);

    orphan->id = db_get_int(rows, 0);
    orphan->delivered = db_get_int(rows, 2) != 0;
    text_copy(orphan->remote_id, sizeof(orphan->remote_id),
              db_get_text(rows, 6) ? db_get_text(rows, 6) : "");
    orphan->err = (struct err){ .kind = (enum err_kind)db_get_int(rows, 3) };
    text_copy(orphan->err.code, sizeof(orphan->err.code), code ? code : "");
    text_copy(orphan->err.text, sizeof(orphan->err.text), text ? text : "");
}

/* The one to apply: a positive one, or else the last. */
static bool orphan_choose(struct db_rows *rows, const char *contact,
                          struct orphan *orphan, struct err *err)
{
    *orphan = (struct orphan){ 0 };
    while (db_next(rows)) {
        const char *chat = db_get_text(rows, 1);

        if (chat[0] && !recipients_alike(chat, contact))
            continue;
        orphan->fitting++;
        if (!orphan->delivered)
            orphan_read(rows, orphan);
    }
    return db_end(rows, err);
}

static bool orphan_find(struct store *store, const char *contact,
                        const struct attempt *attempt, const char *sim,
                        const char *remote_id, struct orphan *orphan,
                        struct err *err)
{
    static const char by_id[] =
        "SELECT " ORPHAN " FROM report WHERE sim = ?1 AND remote_id = ?2"
        " AND arrived >= ?3 ORDER BY id LIMIT 64";
    static const char by_sim[] =
        "SELECT " ORPHAN " FROM report WHERE sim = ?1 AND arrived >= ?2"
        " AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.sim = report.sim"
        " AND a.remote_id = report.remote_id AND a.submitted_at > ?3)"
        " ORDER BY id LIMIT 64";
    struct db_value from = db_int(attempt->submitted_at);

    if (remote_id)
        return orphan_choose(
            db_query(store->db, by_id,
                     DB_VALUES(db_text(sim), db_text(remote_id), from)),
            contact, orphan, err);
    if (!orphan_choose(db_query(store->db, by_sim,
                                DB_VALUES(db_text(sim), from,
                                          db_int(store->now - REPORT_WINDOW))),
                       contact, orphan, err))
        return false;
    if (orphan->fitting != 1)
        orphan->id = 0; /* several candidates settle none */
    return true;
}

bool reports_catch_up(struct store *store, struct subject *subject,
                      const struct attempt *attempt, const char *sim,
                      const char *remote_id, struct err *why, struct err *err)
{
    static const char drop[] = "DELETE FROM report WHERE id = ?1";
    const char *contact = subject->conv->contact;
    struct orphan orphan;
    struct attempt other;
    struct verdict verdict;
    size_t unsure = 1;
    bool done;

    if (store->orphans == 0 || attempt->id == 0)
        return true;
    if (!sim)
        sim = "";
    if (!remote_id &&
        !unsure_like(store, sim, contact, true, &other, &unsure, err))
        return false;
    if (unsure != 1)
        return true;
    if (!orphan_find(store, contact, attempt, sim, remote_id, &orphan, err))
        return false;
    if (orphan.id == 0)
        return true;
    verdict = (struct verdict){ orphan.delivered, &orphan.err };
    if (!db_run(store->db, drop, DB_VALUES(db_int(orphan.id)), err) ||
        !attempt_name(store, attempt, orphan.remote_id, err) ||
        !verdict_apply(store, subject, attempt, &verdict, &done, err))
        return false;
    if (done && !orphan.delivered)
        *why = orphan.err;
    return true;
}
