/* rules.h - what may be accepted, and what single accounts have for rules; for
 * files of the store only, like inside.h. */
#ifndef MOONGATE_STORE_RULES_H
#define MOONGATE_STORE_RULES_H

#include "base/limit.h"
#include "store/inside.h"

/* --- what single accounts have (rules.c) ---------------------------------- */

struct rules {
    UT_hash_handle hh;
    bool limited; /* it has limits of its own */
    struct limits limits;
    struct quiet quiet;
    int64_t paused_until; /* Unix ms; 0: it is not */
    size_t key_size;
    char key[]; /* network, account */
};

/* NULL: none. */
const struct rules *rules_find(const struct store *store, const char *network,
                               const char *account);

/* The account was changed or removed: reads it again. */
bool rules_refresh(struct store *store, const char *network,
                   const char *account, struct err *err);
bool rules_load(struct store *store, struct err *err); /* all, anew */
void rules_free(struct store *store);

/* When this conversation may go on, for its user wants quiet; 0: now. */
int64_t rules_quiet_until(const struct store *store,
                          const struct conversation *conv);

/* --- accounts (admission.c) ----------------------------------------------- */

/* May the entry's account write and be written to? ERR_UNREGISTERED or
 * ERR_FORBIDDEN refuses the entry. *make: it has to be made first. */
bool admission_check(struct store *store, const struct conversation *conv,
                     const struct entry *entry, bool *make, struct err *err);
bool admission_make(struct store *store, const struct entry *entry,
                    struct err *err);

/* --- limits (allowance.c) ------------------------------------------------- */

/* May it be accepted? ERR_LIMITED, ERR_TOO_LONG or ERR_NOT_ALLOWED. Too many
 * new contacts pause the account: *paused, and that is written. */
bool allowance_check(struct store *store, const struct conversation *conv,
                     const struct entry *entry, bool *paused, struct err *err);

/* It is accepted: counts it. */
bool allowance_count(struct store *store, const struct conversation *conv,
                     const struct entry *entry, struct err *err);

#endif
