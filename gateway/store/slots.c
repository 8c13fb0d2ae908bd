/* slots.c - a message of a slot takes the place of the one before it (struct
 * incoming): what the receiver was given first is named in each correction
 * (XEP-0308 4). */
#include <string.h>

#include "base/mem.h"
#include "store/inside.h"

bool slot_target(struct store *store, const struct conversation *conv,
                 const char *slot, struct slot_target *out, struct err *err)
{
    static const char find[] =
        "SELECT mid, target_id, state FROM message"
        " WHERE conv = ?1 AND slot = ?2 ORDER BY seq DESC LIMIT 1";
    struct db_rows *rows;
    struct id id;
    size_t size;

    out->text[0] = '\0';
    if (!slot)
        return true;
    rows =
        db_query(store->db, find, DB_VALUES(db_int(conv->id), db_text(slot)));
    if (db_next(rows) && db_get_state(rows, 2) != MESSAGE_FAILED) {
        const void *mid = db_get_blob(rows, 0, &size);

        if (!db_is_null(rows, 1)) {
            text_copy(out->text, sizeof(out->text), db_get_text(rows, 1));
        } else if (size == sizeof(id)) {
            memcpy(&id, mid, size);
            text_copy(out->text, sizeof(out->text), id_text(&id).text);
        }
    }
    return db_end(rows, err);
}
