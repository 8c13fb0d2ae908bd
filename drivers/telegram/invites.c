/* invites.c - codes that XMPP users hand out. */
#include "telegram/invites.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

enum { TEXT_MAX = 1024 * 1024, DAY_MS = 86400 * 1000 };

/* A line of the text, borrowed. */
struct invite {
    const char *code, *jid;
    size_t code_size, jid_size;
    int64_t expires, chat; /* chat 0: nobody's yet */
};

/* The next line from *at on; false at the end, and at what is none. */
static bool next_invite(const char **at, struct invite *invite)
{
    char *rest;

    invite->code = *at;
    invite->code_size = strcspn(*at, " \n");
    if (invite->code_size == 0 || (*at)[invite->code_size] != ' ')
        return false;
    invite->expires = strtoll(*at + invite->code_size, &rest, 10);
    if (*rest != ' ')
        return false;
    invite->jid = rest + 1;
    invite->jid_size = strcspn(invite->jid, " \n");
    invite->chat = strtoll(invite->jid + invite->jid_size, &rest, 10);
    *at = rest + (*rest == '\n');
    return invite->jid_size > 0;
}

static void add_invite(struct buf *out, const struct invite *invite)
{
    buf_add(out, invite->code, invite->code_size);
    buf_addf(out, " %" PRId64 " ", invite->expires);
    buf_add(out, invite->jid, invite->jid_size);
    buf_addf(out, " %" PRId64 "\n", invite->chat);
}

static bool is_of(const struct invite *invite, const char *jid)
{
    return invite->jid_size == strlen(jid) &&
           memcmp(invite->jid, jid, invite->jid_size) == 0;
}

char *invites_add(const char *before, const char *code, const char *jid,
                  int64_t now)
{
    struct invite invite,
        added = { .code = code,
                  .code_size = strlen(code),
                  .jid = jid,
                  .jid_size = strlen(jid),
                  .expires = now + (int64_t)INVITE_DAYS * DAY_MS };
    const char *at = before ? before : "";
    struct buf out;
    size_t n = 1, same = 1;

    buf_init(&out, TEXT_MAX);
    add_invite(&out, &added);
    while (n < INVITES_MAX && next_invite(&at, &invite)) {
        if (invite.expires <= now ||
            (is_of(&invite, jid) && ++same > INVITES_OF_ONE))
            continue;
        add_invite(&out, &invite);
        n++;
    }
    return buf_take(&out);
}

static bool fits(const struct invite *invite, const char *code, int64_t chat,
                 int64_t now)
{
    return invite->code_size == strlen(code) &&
           memcmp(invite->code, code, invite->code_size) == 0 &&
           invite->expires > now && (!invite->chat || invite->chat == chat);
}

char *invites_use(const char *before, const char *code, int64_t chat,
                  int64_t now, char **after)
{
    const char *at = before ? before : "";
    struct invite invite;
    struct buf out;
    char *jid = NULL;

    buf_init(&out, TEXT_MAX);
    while (next_invite(&at, &invite)) {
        if (!jid && fits(&invite, code, chat, now)) {
            jid = xstrndup(invite.jid, invite.jid_size);
            invite.chat = chat;
        }
        add_invite(&out, &invite);
    }
    *after = jid ? buf_take(&out) : NULL;
    buf_free(&out);
    return jid;
}
