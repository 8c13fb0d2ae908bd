/* attempts.c - parts as planned, and attempts to send them. Attempts outlive
 * their message's parts and bodies: a late report still finds them. */
#include "store/inside.h"

static bool part_insert(struct store *store, int64_t message,
                        const struct part_row *part, struct err *err)
{
    static const char insert[] =
        "INSERT INTO part (message, n, state, tries, bytes)"
        " VALUES (?1, ?2, ?3, ?4, ?5)";

    return db_run(store->db, insert,
                  DB_VALUES(db_int(message), db_int(part->n),
                            db_int(part->state), db_int(part->tries),
                            db_blob(part->bytes, part->size)),
                  err);
}

bool parts_insert(struct store *store, int64_t message,
                  const struct part_row *parts, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++)
        if (!part_insert(store, message, &parts[i], err))
            return false;
    return true;
}

/* What is said later of a part of another cut says nothing of this one. */
static bool attempts_abandon(struct store *store, int64_t message,
                             struct err *err)
{
    static const char update[] = "UPDATE attempt SET outcome = ?2"
                                 " WHERE message = ?1 AND outcome IN (?3, ?4)";

    return db_run(store->db, update,
                  DB_VALUES(db_int(message), db_int(ATTEMPT_ABANDONED),
                            db_int(ATTEMPT_UNSURE), db_int(ATTEMPT_SENT)),
                  err);
}

/* A message of one part is whole whichever try of it arrived. */
bool parts_forget(struct store *store, const struct subject *subject,
                  struct err *err)
{
    static const char drop[] = "DELETE FROM part WHERE message = ?1";
    static const char note[] =
        "UPDATE message SET reference = NULL, parts = NULL WHERE id = ?1";
    struct db_value row = db_int(subject->row);

    return db_run(store->db, drop, DB_VALUES(row), err) &&
           db_run(store->db, note, DB_VALUES(row), err) &&
           (subject->parts == 1 || attempts_abandon(store, subject->row, err));
}

bool parts_store(struct store *store, const struct subject *subject,
                 uint16_t reference, const struct part_row *parts, size_t n,
                 struct err *err)
{
    static const char drop[] = "DELETE FROM part WHERE message = ?1";
    static const char note[] =
        "UPDATE message SET reference = ?2, parts = ?3 WHERE id = ?1";

    subject->conv->last_ref = reference;
    conversation_touch(store, subject->conv);
    if (n > 1 && subject->attempt > 1 &&
        !attempts_abandon(store, subject->row, err))
        return false;
    return db_run(store->db, drop, DB_VALUES(db_int(subject->row)), err) &&
           parts_insert(store, subject->row, parts, n, err) &&
           db_run(store->db, note,
                  DB_VALUES(db_int(subject->row), db_some(reference),
                            db_int((int64_t)n)),
                  err);
}

bool part_set(struct store *store, int64_t message, unsigned n,
              enum part_state state, struct err *err)
{
    /* Delivered by one try, it stays so whatever becomes of another; and a
     * repeat that did not go out leaves it as unsure as it was. */
    static const char update[] =
        "UPDATE part SET"
        " tries = CASE WHEN ?3 = ?5 AND tries > 1 THEN tries - 1"
        " ELSE tries END,"
        " state = CASE WHEN ?3 = ?5 AND tries > 1 THEN ?6 ELSE ?3 END"
        " WHERE message = ?1 AND n = ?2 AND state <> ?4";

    return db_run(store->db, update,
                  DB_VALUES(db_int(message), db_int(n), db_int(state),
                            db_int(PART_DELIVERED), db_int(PART_WAITING),
                            db_int(PART_UNSURE)),
                  err);
}

/* The part is submitted. `tries` counts how often in a row nobody knew whether
 * it was taken: each further one may be a copy. */
static bool part_submit(struct store *store, int64_t message, unsigned n,
                        int64_t *tries, struct err *err)
{
    static const char find[] =
        "SELECT state, tries FROM part WHERE message = ?1 AND n = ?2";
    static const char update[] = "UPDATE part SET state = ?3, tries = ?4"
                                 " WHERE message = ?1 AND n = ?2";
    struct db_rows *rows =
        db_query(store->db, find, DB_VALUES(db_int(message), db_int(n)));
    bool unsure = false;

    *tries = 1;
    if (db_next(rows)) {
        unsure = db_get_int(rows, 0) == PART_UNSURE;
        *tries = unsure ? db_get_int(rows, 1) + 1 : 1;
    }
    if (!db_end(rows, err))
        return false;
    store->counts[COUNT_RESENT] += unsure;
    return db_run(store->db, update,
                  DB_VALUES(db_int(message), db_int(n), db_int(PART_SUBMITTING),
                            db_int(*tries)),
                  err);
}

static bool attempt_insert(struct store *store, const struct subject *subject,
                           const struct attempt *attempt,
                           const struct move *move, struct err *err)
{
    static const char insert[] =
        "INSERT INTO attempt (id, message, part, n, outcome, submitted_at,"
        " line, sim, chat, remote_id)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    const char *sim = move->sim ? move->sim : move->line;

    return db_run(
        store->db, insert,
        DB_VALUES(db_int(attempt->id), db_int(attempt->message),
                  db_int(attempt->part), db_int(attempt->n),
                  db_int(attempt->outcome), db_int(attempt->submitted_at),
                  db_text(move->line), db_text(sim ? sim : ""),
                  db_text(subject->conv->contact),
                  db_text(move->remote_ids ? move->remote_ids[0] : NULL)),
        err);
}

bool attempt_begin(struct store *store, const struct subject *subject,
                   struct attempt *attempt, const char *line, const char *sim,
                   struct err *err)
{
    struct move move = { .line = line, .sim = sim };

    attempt->id = ++store->last_attempt;
    attempt->message = subject->row;
    attempt->outcome = ATTEMPT_OPEN;
    attempt->submitted_at = store->now;
    conversation_stick(store, subject->conv, line, sim);
    return attempt_insert(store, subject, attempt, &move, err);
}

bool attempt_open(struct store *store, const struct subject *subject,
                  unsigned n, const char *line, const char *sim,
                  struct err *err)
{
    struct attempt attempt = { .part = n };
    int64_t tries;

    if (!part_submit(store, subject->row, n, &tries, err))
        return false;
    attempt.n = (unsigned)tries;
    return attempt_begin(store, subject, &attempt, line, sim, err);
}

bool attempt_sent(struct store *store, const struct subject *subject,
                  const struct move *move, unsigned n, struct attempt *attempt,
                  struct err *err)
{
    const char *remote_id = text_or_null(move->remote_ids[n - 1]);
    struct move one = { .line = move->line,
                        .sim = move->sim,
                        .remote_ids = &remote_id };

    *attempt = (struct attempt){ .id = ++store->last_attempt,
                                 .message = subject->row,
                                 .part = n,
                                 .n = subject->attempt + 1,
                                 .outcome = ATTEMPT_SENT,
                                 .submitted_at = subject->tried_at };
    return attempt_insert(store, subject, attempt, &one, err);
}

static bool attempt_find(struct store *store, int64_t message, unsigned part,
                         struct attempt *attempt, struct err *err)
{
    static const char find[] =
        "SELECT id, n, submitted_at, outcome FROM attempt"
        " WHERE message = ?1 AND part = ?2 ORDER BY id DESC LIMIT 1";
    struct db_rows *rows =
        db_query(store->db, find, DB_VALUES(db_int(message), db_int(part)));

    *attempt = (struct attempt){ .message = message, .part = part };
    if (db_next(rows)) {
        attempt->id = db_get_int(rows, 0);
        attempt->n = (unsigned)db_get_int(rows, 1);
        attempt->submitted_at = db_get_int(rows, 2);
        attempt->outcome = (enum attempt_outcome)db_get_int(rows, 3);
    }
    return db_end(rows, err);
}

static enum attempt_outcome outcome_of(enum part_state state)
{
    switch (state) {
    case PART_SENT:
        return ATTEMPT_SENT;
    case PART_DELIVERED:
        return ATTEMPT_DELIVERED;
    case PART_WAITING:
    case PART_FAILED:
        return ATTEMPT_REFUSED;
    case PART_SUBMITTING:
    case PART_UNSURE:
        return ATTEMPT_UNSURE;
    }
    return ATTEMPT_UNSURE;
}

bool attempt_close(struct store *store, const struct subject *subject,
                   const struct outcome *outcome, struct attempt *attempt,
                   struct err *err)
{
    static const char update[] =
        "UPDATE attempt SET outcome = ?2, remote_id = ?3, error = ?4,"
        " settled_at = ?5 WHERE id = ?1";
    const struct err *why = outcome->err;

    if (!attempt_find(store, subject->row, outcome->n, attempt, err))
        return false;
    if (attempt->id == 0)
        return true;
    if (attempt->outcome != ATTEMPT_DELIVERED)
        attempt->outcome = outcome_of(outcome->state);
    return db_run(store->db, update,
                  DB_VALUES(db_int(attempt->id), db_int(attempt->outcome),
                            db_text(text_or_null(outcome->remote_id)),
                            db_text(text_or_null(why ? why->text : NULL)),
                            db_int(store->now)),
                  err);
}
