/* targets.c - which message an edit, a reaction or a reply is about. XMPP and
 * the foreign network name the same message by different ids: what a user sent
 * by its stanza's and by the remote ids of its parts, what came in by ours and
 * by its slot. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "store/inside.h"

/* So many messages of a conversation are looked through for a stanza's id, and
 * so many octets of remote ids are kept. */
enum { LOOK_BACK = 2000, IDS_MAX = 16 * 1024 };

static bool own_text(struct store *store, const struct conversation *conv,
                     const struct entry *entry, struct slot_target *out,
                     struct err *err)
{
    static const char find[] =
        "SELECT m.stanza_id FROM attempt a JOIN message m ON m.id = a.message"
        " JOIN conversation c ON c.id = m.conv"
        " WHERE a.sim = ?1 AND a.remote_id = ?2 AND c.network = ?3"
        " AND c.account = ?4 AND c.contact = ?5 ORDER BY a.id LIMIT 1";
    struct db_rows *rows =
        db_query(store->db, find,
                 DB_VALUES(db_text(entry->target_sim), db_text(entry->target),
                           db_text(entry->network), db_text(conv->account),
                           db_text(entry->contact)));

    if (db_next(rows) && !db_is_null(rows, 0))
        text_copy(out->text, sizeof(out->text), db_get_text(rows, 0));
    return db_end(rows, err);
}

bool target_find(struct store *store, const struct conversation *conv,
                 const struct entry *entry, struct slot_target *out,
                 struct err *err)
{
    if (!slot_target(store, conv, entry->slot, out, err))
        return false;
    if (out->text[0] || !entry->target)
        return true;
    if (entry->direction == TO_LINE) {
        text_copy(out->text, sizeof(out->text), entry->target);
        return true;
    }
    if (!slot_target(store, conv, entry->target, out, err))
        return false;
    return out->text[0] || !entry->target_sim ||
           own_text(store, conv, entry, out, err);
}

/* --- remote ids ----------------------------------------------------------- */

static bool find_sent(struct store *store, const struct conversation *conv,
                      const char *stanza_id, int64_t *row, struct err *err)
{
    static const char find[] =
        "SELECT id FROM message WHERE conv = ?1 AND seq > ?2"
        " AND stanza_id = ?3 ORDER BY seq DESC LIMIT 1";
    struct db_rows *rows =
        db_query(store->db, find,
                 DB_VALUES(db_int(conv->id), db_int(conv->last_seq - LOOK_BACK),
                           db_text(stanza_id)));

    *row = db_next(rows) ? db_get_int(rows, 0) : 0;
    return db_end(rows, err);
}

static bool add_parts(struct store *store, int64_t row, struct buf *ids,
                      struct err *err)
{
    static const char find[] = "SELECT remote_id FROM attempt"
                               " WHERE message = ?1 AND remote_id IS NOT NULL"
                               " ORDER BY part, id";
    struct db_rows *rows = db_query(store->db, find, DB_VALUES(db_int(row)));

    while (db_next(rows))
        buf_addf(ids, "%s%s", ids->len ? " " : "", db_get_text(rows, 0));
    return db_end(rows, err);
}

/* A message that came in: only of the same people. */
static bool add_slot(struct store *store, const struct conversation *conv,
                     const struct id *id, struct buf *ids, struct err *err)
{
    static const char find[] =
        "SELECT m.slot FROM message m JOIN conversation c ON c.id = m.conv"
        " WHERE m.mid = ?1 AND c.network = ?2 AND c.account = ?3"
        " AND c.contact = ?4 AND m.slot IS NOT NULL";
    struct db_rows *rows =
        db_query(store->db, find,
                 DB_VALUES(db_blob(id->bytes, sizeof(id->bytes)),
                           db_text(conv->sink->network), db_text(conv->account),
                           db_text(conv->contact)));

    if (db_next(rows))
        buf_add_text(ids, db_get_text(rows, 0));
    return db_end(rows, err);
}

bool target_remote(struct store *store, const struct conversation *conv,
                   const char *target, char **remote, struct err *err)
{
    struct buf ids;
    struct id id;
    int64_t row;
    bool good;

    *remote = NULL;
    buf_init(&ids, IDS_MAX);
    good = find_sent(store, conv, target, &row, err);
    if (good && row)
        good = add_parts(store, row, &ids, err);
    else if (good && id_parse(target, &id))
        good = add_slot(store, conv, &id, &ids, err);
    if (good && ids.len > 0)
        *remote = buf_take(&ids);
    buf_free(&ids);
    return good;
}
