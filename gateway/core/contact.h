/* contact.h - the contacts of an account, as the XMPP side asks for them. */
#ifndef MOONGATE_CORE_CONTACT_H
#define MOONGATE_CORE_CONTACT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct network;

/* What the account calls the contact, or everybody does (a phone book); NULL:
 * it has no name, or the store failed. Borrowed. Called once. */
typedef void contact_name_fn(void *arg, const char *name);
void contact_name_get(struct network *network, const char *account,
                      const char *address, contact_name_fn *fn, void *arg);

/* One that was found, its name "" when it has none; then address NULL, with an
 * err or none. Borrowed. */
typedef void contact_found_fn(void *arg, const char *address, const char *name,
                              const struct err *err);

/* Looks through whom the account has to do with, at most `limit`. `name` and
 * `number` may be a part of it, in any case and way of writing; NULL or "":
 * any. */
void contact_search(struct network *network, const char *account,
                    const char *name, const char *number, size_t limit,
                    contact_found_fn *fn, void *arg);

/* The contact wrote to the account. `fresh`: it belongs on his roster, where it
 * never was, and from where he has not taken it off. Called once. */
typedef void contact_offer_fn(void *arg, bool fresh);
void contact_offer(struct network *network, const char *account,
                   const char *address, contact_offer_fn *fn, void *arg);

#endif
