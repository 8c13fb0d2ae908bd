/* people.h - whose a line is, and who has taken a conversation of a team.
 *
 * A line belongs to its `owner`, to its `team`, or to its network's team, else
 * to everybody who may use the network. Only those to whom it belongs send
 * through it, and what comes in on it is for them: for all of a team, or for
 * the one of them who has claimed the conversation. */
#ifndef MOONGATE_CORE_PEOPLE_H
#define MOONGATE_CORE_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct line;
struct network;
struct settings;

enum { PEOPLE_MAX = 32 };

/* Bare JIDs, borrowed from the settings; none: everybody. */
struct people {
    const char **jids;
    size_t n;
};

void people_init(struct people *people, const struct settings *line,
                 const struct settings *network);
void people_clear(struct people *people);

bool people_has(const struct people *people, const char *account);

/* May this account send through it? NULL is nobody in particular: true. */
bool people_admit(const struct people *people, const char *account);

/* Does a line of the network belong to this account, by the administrator's
 * word? */
bool people_named(const struct network *network, const char *account);

/* Who sees what passes between the line and the contact: into `out`, PEOPLE_MAX
 * at most; 0: whoever it is for otherwise. */
size_t people_seeing(const struct line *line, const char *contact,
                     const char **out);

/* The line of a team through which the account texts with the contact: `line`
 * if that is known, else the one that the contact was last on, else the first
 * of a team he belongs to. NULL: no team has part in it. */
struct line *people_team_line(struct network *network, const char *account,
                              const char *contact, struct line *line);

/* What the others of a team see of one's reply: "[juliet] text", with the whole
 * JID when two of them have the same name. Fresh memory. */
char *people_marked(const struct people *people, const char *account,
                    const char *text);

/* --- claims: who answers a contact, until when --------------------------- */

struct claim;

/* Reads them back from the store. */
void claims_load(struct network *network);
void claims_forget(struct network *network);

/* All that the account has are given back to the team. */
void claims_leave(struct network *network, const char *account);

/* The account that has the conversation now; NULL: nobody. */
const char *claim_holder(struct network *network, const char *contact);
int64_t claim_until(struct network *network, const char *contact);

/* All that have not run out. */
void claims_each(struct network *network,
                 void (*fn)(void *arg, const char *contact, const char *account,
                            int64_t until),
                 void *arg);

typedef void claim_fn(void *arg, const struct err *err);

/* Takes the conversation for some hours, or on for so many; the others of the
 * team are told in it, in words. ERR_FORBIDDEN for who is in no team,
 * ERR_NOT_ALLOWED while somebody else has it, ERR_FULL. */
void claim_take(struct network *network, const char *account,
                const char *contact, unsigned hours, claim_fn *fn, void *arg);

/* Gives it back to the team; `anyone`: also what somebody else has.
 * ERR_NOT_ALLOWED when there is nothing of his to release. */
void claim_release(struct network *network, const char *account,
                   const char *contact, bool anyone, claim_fn *fn, void *arg);

#endif
