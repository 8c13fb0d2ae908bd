/* schema.c - the tables. A migration is never changed once released: add one.
 *
 * Times are Unix ms. `message.state` is stored as message_state + 2 (moves.c):
 * SQLite stores 0 and 1 in the row's header, so without it the first move
 * would make the row grow, and its full page would have to be split. For the
 * same reason there is one `moved_at`, set from the beginning.
 *
 * conversation: head is the number of the oldest message that is not handed
 * over (idle: head > last_seq), taken the highest one in this process's hands
 * (none: head - 1). It has a turn when there is something to take, a next_at
 * when it is deferred. A conversation in hand has neither, so that a message
 * that goes straight through touches no index but conversation_in_hand, which
 * tells a new life what the last one was busy with. */
#include "store/schema.h"

#include "base/mem.h"
#include "store/db.h"

static const char version_1[] =
    "CREATE TABLE sink (network TEXT NOT NULL, direction INTEGER NOT NULL,"
    " queued INTEGER NOT NULL, submitting INTEGER NOT NULL,"
    " unknown INTEGER NOT NULL, sent INTEGER NOT NULL,"
    " delivered INTEGER NOT NULL, failed INTEGER NOT NULL,"
    " PRIMARY KEY (network, direction)) WITHOUT ROWID;"

    "CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL)"
    " WITHOUT ROWID;"

    "CREATE TABLE account (network TEXT NOT NULL, jid TEXT NOT NULL,"
    " state INTEGER NOT NULL, settings TEXT, created INTEGER NOT NULL,"
    " PRIMARY KEY (network, jid)) WITHOUT ROWID;"

    "CREATE TABLE contact (network TEXT NOT NULL, account TEXT NOT NULL,"
    " address TEXT NOT NULL, name TEXT,"
    " PRIMARY KEY (network, account, address)) WITHOUT ROWID;"

    "CREATE TABLE subscription (network TEXT NOT NULL, account TEXT NOT NULL,"
    " contact TEXT NOT NULL, PRIMARY KEY (network, account, contact))"
    " WITHOUT ROWID;"

    "CREATE TABLE line (name TEXT PRIMARY KEY, network TEXT NOT NULL,"
    " driver TEXT NOT NULL, sim TEXT, source INTEGER NOT NULL, owner TEXT,"
    " settings BLOB, state INTEGER NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE line_state (owner TEXT NOT NULL, key TEXT NOT NULL,"
    " value TEXT NOT NULL, PRIMARY KEY (owner, key)) WITHOUT ROWID;"

    "CREATE TABLE lease (name TEXT PRIMARY KEY, holder TEXT NOT NULL,"
    " epoch INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE conversation (id INTEGER PRIMARY KEY,"
    " network TEXT NOT NULL, account TEXT NOT NULL, contact TEXT NOT NULL,"
    " direction INTEGER NOT NULL, kind INTEGER NOT NULL, line TEXT, sim TEXT,"
    " last_seq INTEGER NOT NULL, head INTEGER NOT NULL,"
    " taken INTEGER NOT NULL, turn INTEGER, next_at INTEGER,"
    " last_ref INTEGER NOT NULL, touched INTEGER NOT NULL,"
    " UNIQUE (network, account, contact, direction));"
    "CREATE INDEX conversation_turn ON conversation"
    " (network, direction, turn) WHERE turn IS NOT NULL;"
    "CREATE INDEX conversation_due ON conversation"
    " (network, direction, next_at) WHERE next_at IS NOT NULL;"
    "CREATE INDEX conversation_in_hand ON conversation (id)"
    " WHERE taken >= head;"
    "CREATE INDEX conversation_contact ON conversation (network, contact);"

    "CREATE TABLE message (id INTEGER PRIMARY KEY, mid BLOB NOT NULL UNIQUE,"
    " conv INTEGER NOT NULL, seq INTEGER NOT NULL, state INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL, owed INTEGER NOT NULL,"
    " held INTEGER NOT NULL, moved_at INTEGER NOT NULL,"
    " direction INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " receipt INTEGER NOT NULL, created INTEGER NOT NULL, at INTEGER,"
    " expires INTEGER, reference INTEGER, parts INTEGER, author TEXT,"
    " stanza_id TEXT, sender TEXT, target_id TEXT, origin_id TEXT,"
    " reply_to TEXT, copy_of INTEGER, err_kind INTEGER, err_code TEXT,"
    " err_text TEXT, UNIQUE (conv, seq));"
    "CREATE INDEX message_owed ON message (id) WHERE owed <> 0;"

    "CREATE TABLE body (message INTEGER PRIMARY KEY, text TEXT NOT NULL);"

    "CREATE TABLE attachment (message INTEGER NOT NULL, n INTEGER NOT NULL,"
    " url TEXT, type TEXT, name TEXT, size INTEGER, state INTEGER NOT NULL,"
    " PRIMARY KEY (message, n)) WITHOUT ROWID;"

    "CREATE TABLE part (message INTEGER NOT NULL, n INTEGER NOT NULL,"
    " state INTEGER NOT NULL, tries INTEGER NOT NULL, bytes BLOB,"
    " PRIMARY KEY (message, n)) WITHOUT ROWID;"

    "CREATE TABLE attempt (id INTEGER PRIMARY KEY, message INTEGER NOT NULL,"
    " part INTEGER NOT NULL, n INTEGER NOT NULL, outcome INTEGER NOT NULL,"
    " submitted_at INTEGER NOT NULL, settled_at INTEGER, line TEXT,"
    " sim TEXT NOT NULL, chat TEXT NOT NULL, remote_id TEXT, error TEXT);"
    "CREATE INDEX attempt_message ON attempt (message, part);"
    "CREATE INDEX attempt_remote ON attempt (sim, remote_id)"
    " WHERE remote_id IS NOT NULL;"
    "CREATE INDEX attempt_unsure ON attempt (sim) WHERE outcome = 3;"

    "CREATE TABLE report (id INTEGER PRIMARY KEY, sim TEXT NOT NULL,"
    " remote_id TEXT NOT NULL, chat TEXT NOT NULL,"
    " delivered INTEGER NOT NULL, at INTEGER, arrived INTEGER NOT NULL,"
    " err_kind INTEGER, err_code TEXT, err_text TEXT);"
    "CREATE INDEX report_remote ON report (sim, remote_id);"

    "CREATE TABLE seen (source TEXT NOT NULL, key TEXT NOT NULL,"
    " at INTEGER NOT NULL, PRIMARY KEY (source, key)) WITHOUT ROWID;"

    "CREATE TABLE fragment_set (id INTEGER PRIMARY KEY,"
    " source TEXT NOT NULL, name TEXT NOT NULL, network TEXT NOT NULL,"
    " line TEXT NOT NULL, chat TEXT NOT NULL, total INTEGER NOT NULL,"
    " at INTEGER, newest INTEGER NOT NULL, UNIQUE (source, name));"
    "CREATE INDEX fragment_set_chat ON fragment_set (network, chat);"
    "CREATE TABLE fragment (owner INTEGER NOT NULL, seq INTEGER NOT NULL,"
    " bytes BLOB NOT NULL, PRIMARY KEY (owner, seq)) WITHOUT ROWID;";

/* manner, slot and the sources of attachments: see driver.h.
 * message.attachments counts its rows of the table; NULL: none. usage: how much
 * of a limit is used up; owner names what is limited ("sim:IMSI"), period is
 * the start of the minute, day or month in Unix ms, span its name. ruled: the
 * account has limits or quiet hours of its own, or was paused (rules.c). limits
 * are an admin's, so they are apart from the settings, which are the user's.
 * contact.roster, given: contacts.c. picture: pictures.h. */
static const char version_2[] =
    "ALTER TABLE message ADD COLUMN manner TEXT;"
    "ALTER TABLE message ADD COLUMN slot TEXT;"
    "CREATE INDEX message_slot ON message (conv, slot)"
    " WHERE slot IS NOT NULL;"

    "CREATE TABLE usage (owner TEXT NOT NULL, span TEXT NOT NULL,"
    " period INTEGER NOT NULL, amount INTEGER NOT NULL,"
    " PRIMARY KEY (owner, span, period)) WITHOUT ROWID;"

    "CREATE TABLE block (network TEXT NOT NULL, account TEXT NOT NULL,"
    " contact TEXT NOT NULL, PRIMARY KEY (network, account, contact))"
    " WITHOUT ROWID;"

    "ALTER TABLE message ADD COLUMN attachments INTEGER;"
    "ALTER TABLE attachment ADD COLUMN line TEXT;"

    "ALTER TABLE account ADD COLUMN ruled INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE account ADD COLUMN limits TEXT;"
    "ALTER TABLE account ADD COLUMN paused_until INTEGER;"
    "CREATE INDEX account_ruled ON account (network, jid) WHERE ruled <> 0;"

    "ALTER TABLE contact ADD COLUMN roster INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE contact ADD COLUMN given INTEGER NOT NULL DEFAULT 0;"

    "CREATE TABLE picture (network TEXT NOT NULL, account TEXT NOT NULL,"
    " contact TEXT NOT NULL, token TEXT NOT NULL, sha1 TEXT NOT NULL,"
    " type TEXT NOT NULL, bytes BLOB,"
    " PRIMARY KEY (network, account, contact));";

static const char *const migrations[] = { version_1, version_2 };
enum { NEWEST = sizeof(migrations) / sizeof(migrations[0]) };

static bool schema_read(struct db *db, int64_t *version, struct err *err)
{
    static const char create[] =
        "CREATE TABLE IF NOT EXISTS meta"
        " (name TEXT PRIMARY KEY, value INTEGER NOT NULL)";
    static const char find[] = "SELECT value FROM meta WHERE name = 'schema'";
    struct db_rows *rows;

    if (!db_run(db, create, NULL, 0, err))
        return false;
    rows = db_query(db, find, NULL, 0);
    *version = db_next(rows) ? db_get_int(rows, 0) : 0;
    return db_end(rows, err);
}

static bool schema_step(struct db *db, int64_t version, struct err *err)
{
    static const char put[] = "INSERT INTO meta (name, value)"
                              " VALUES ('schema', ?1)"
                              " ON CONFLICT (name) DO UPDATE"
                              " SET value = excluded.value";

    if (!db_begin(db, err))
        return false;
    if (db_exec(db, migrations[version], err) &&
        db_run(db, put, DB_VALUES(db_int(version + 1)), err) &&
        db_commit(db, err))
        return true;
    db_rollback(db);
    return err_wrap(err, "migration to schema %d", (int)version + 1);
}

bool schema_migrate(struct db *db, struct err *err)
{
    int64_t version = 0;

    if (!schema_read(db, &version, err))
        return false;
    if (version > NEWEST)
        return err_set(err, ERR_CONFIG,
                       "the store has schema %d, this moongate knows up to %d: "
                       "install the newer moongate again, or restore the "
                       "backup made before the upgrade",
                       (int)version, (int)NEWEST);
    while (version < NEWEST)
        if (!schema_step(db, version++, err))
            return false;
    return true;
}
