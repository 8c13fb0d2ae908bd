/* known.c - see known.h. */
#include "core/known.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/mem.h"
#include "core/line.h"
#include "core/network.h"

enum { KNOWN_MAX = 4096 };

struct known {
    char *contact, *account;
    const struct line *line; /* NULL: none yet */
    UT_hash_handle hh;
};

static void known_free(struct network *network, struct known *known)
{
    HASH_DEL(network->known, known);
    free(known->contact);
    free(known->account);
    free(known);
}

const char *known_account(struct network *network, const char *contact)
{
    struct known *known;
    HASH_FIND_STR(network->known, contact, known);
    return known ? known->account : NULL;
}

void known_note_account(struct network *network, const char *contact,
                        const char *account)
{
    struct known *known;
    HASH_FIND_STR(network->known, contact, known);
    if (known && strcmp(known->account, account) == 0)
        return;
    if (known)
        known_free(network, known);
    else if (HASH_COUNT(network->known) >= KNOWN_MAX)
        known_free(network, network->known); /* the oldest: insertion order */
    known = xcalloc(1, sizeof(*known));
    known->contact = xstrdup(contact);
    known->account = xstrdup(account);
    HASH_ADD_KEYPTR(hh, network->known, known->contact, strlen(known->contact),
                    known);
}

const struct line *known_line(struct network *network, const char *contact)
{
    struct known *known;
    HASH_FIND_STR(network->known, contact, known);
    return known ? known->line : NULL;
}

void known_note_line(const struct line *line, const char *contact)
{
    struct known *known;
    HASH_FIND_STR(line->network->known, contact, known);
    if (known)
        known->line = line;
}

void known_forget_account(struct network *network, const char *account)
{
    struct known *known, *next;
    HASH_ITER (hh, network->known, known, next)
        if (strcmp(known->account, account) == 0)
            known_free(network, known);
}

void known_forget(struct network *network)
{
    while (network->known)
        known_free(network, network->known);
}
