/* inbox.h - accepts messages: from XMPP users (core/front.h) and from lines. */
#ifndef MOONGATE_CORE_INBOX_H
#define MOONGATE_CORE_INBOX_H

#include <stddef.h>
#include <stdint.h>

struct entry;
struct entry_result;
struct fragment;
struct incoming;
struct line;
struct network;
struct user_text;

/* `key` and `value`: state of the line's that is kept with them; or NULL. */
void inbox_line_messages(struct line *line, const struct incoming *messages,
                         size_t n, uint64_t token, const char *key,
                         const char *value);
void inbox_line_fragment(struct line *line, const struct incoming *message,
                         const char *set, unsigned total,
                         const struct fragment *fragment, uint64_t token);

/* One that was joined from `n` segments of the set: they are dropped. */
void inbox_line_joined(struct line *line, const struct incoming *message,
                       int64_t set, size_t n);

/* Joins sets of fragments that are complete or too old; called by a timer. */
void inbox_join_due(struct network *network);

/* Words of one of a team about a conversation, for the others. */
void inbox_tell_team(struct line *line, const char *account,
                     const char *contact, const char *words);

/* --- within the inbox (inbox_team.c) ------------------------------------- */

/* Until when a text waits for a user who cannot be reached, Unix ms. */
int64_t inbox_keep_until(void);

/* A result of an entry for XMPP: what was taken goes out. lane_pump after the
 * last. */
void inbox_hand_over(struct network *network,
                     const struct entry_result *result);

/* The copies of a text for the rest of its sender's team, PEOPLE_MAX at most:
 * they borrow from the text and *marked, which the caller frees afterwards.
 * `line`: that takes it now, NULL: none yet. */
size_t inbox_copies(struct network *network, const struct user_text *text,
                    struct line *line, char **marked, struct entry *out);

#endif
