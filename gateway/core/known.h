/* known.h - who talked with a contact last, and on which line: a small cache of
 * what the store knows, a network's own. */
#ifndef MOONGATE_CORE_KNOWN_H
#define MOONGATE_CORE_KNOWN_H

struct line;
struct network;

/* The account, NULL: ask the store. Borrowed until the next note. */
const char *known_account(struct network *network, const char *contact);
void known_note_account(struct network *network, const char *contact,
                        const char *account);

/* The line that carries the contact's conversations: a hint, which spares the
 * store a detour. NULL: not known. */
const struct line *known_line(struct network *network, const char *contact);
void known_note_line(const struct line *line, const char *contact);

/* The account is gone, or disabled: whose a contact is, is looked up anew. */
void known_forget_account(struct network *network, const char *account);

void known_forget(struct network *network); /* frees the cache */

#endif
