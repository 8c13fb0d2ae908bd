/* update.h - what an Update of the Bot API says. Pure. */
#ifndef MOONGATE_TELEGRAM_UPDATE_H
#define MOONGATE_TELEGRAM_UPDATE_H

#include <stdbool.h>
#include <stdint.h>

#include "driver.h"

struct json_object;

enum update_kind {
    UPDATE_OTHER,   /* nothing for anybody */
    UPDATE_MESSAGE, /* a text, an edit or a reaction: `kind` */
    UPDATE_MOVED,   /* a group has a new id: `chat` became `moved_to` */
    UPDATE_LEFT,    /* the bot was blocked, or removed from the group */
};

/* Strings are its own, "" or NULL as said. */
struct update {
    int64_t id; /* update_id */
    enum update_kind what;
    enum message_kind kind;
    int64_t chat;
    bool group;
    bool edited; /* of a message that is known: no file comes along again */
    int64_t moved_to;
    int64_t message_id;
    char *text;      /* with the marks of XEP-0393 */
    char *name;      /* of the chat; NULL: none */
    char *author;    /* in groups: the id of who wrote; NULL: nobody's */
    char *remote_id; /* for duplicates: never of two messages */
    char *target_id; /* the message that is edited, reacted or replied to */
    char *file_id;   /* of what came with it; NULL: nothing did */
    char *file_type, *file_name; /* NULL: unknown */
    int64_t file_size;           /* octets; 0: unknown */
    char *start; /* what follows /start in a text; NULL: it is no /start */
    int64_t at;  /* Unix ms */
};

/* False: it has no update_id, so it is none. `bot` is our own user id: what we
 * have sent ourselves is UPDATE_OTHER. */
bool update_read(struct json_object *json, int64_t bot, struct update *update);
void update_free(struct update *update);

enum { REMOTE_ID_MAX = 72 };

/* "CHAT:MESSAGE@BOT": messages are counted by chat, private ones by bot. */
void remote_id_write(int64_t chat, int64_t message, int64_t bot,
                     char out[REMOTE_ID_MAX]);
bool remote_id_read(const char *text, int64_t *chat, int64_t *message);

#endif
