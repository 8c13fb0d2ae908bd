/* schema.h - the tables, as numbered migrations. */
#ifndef MOONGATE_STORE_SCHEMA_H
#define MOONGATE_STORE_SCHEMA_H

#include <stdbool.h>

#include "base/err.h"

struct db;

/* Brings the database to the newest schema, one transaction each step. A
 * schema that is newer than ours gives ERR_CONFIG with advice. */
bool schema_migrate(struct db *db, struct err *err);

#endif
