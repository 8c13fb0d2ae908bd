/* session.c - a table of accounts with their resources. Both have a ceiling:
 * who is above it counts as absent, and loses nothing by that but the answer to
 * his presence. */
#include "xmpp/session.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/mem.h"
#include "xmpp/told.h"

enum { ACCOUNTS_MAX = 100000 };

struct session {
    char *account;
    char *resources[SESSION_RESOURCES];
    size_t n;
    UT_hash_handle hh;
};

struct sessions {
    struct session *all;
    struct told *signs; /* "absent", "probed", or "" */
};

struct sessions *sessions_new(void)
{
    struct sessions *sessions = xcalloc(1, sizeof(*sessions));

    sessions->signs = told_new();
    return sessions;
}

static struct session *find(const struct sessions *sessions,
                            const char *account)
{
    struct session *session;

    HASH_FIND_STR(sessions->all, account, session);
    return session;
}

static void forget(struct sessions *sessions, struct session *session)
{
    HASH_DEL(sessions->all, session);
    for (size_t i = 0; i < session->n; i++)
        free(session->resources[i]);
    free(session->account);
    free(session);
}

void sessions_clear(struct sessions *sessions)
{
    while (sessions->all)
        forget(sessions, sessions->all);
    told_forget(sessions->signs);
}

void sessions_free(struct sessions *sessions)
{
    sessions_clear(sessions);
    told_free(sessions->signs);
    free(sessions);
}

bool sessions_absent(const struct sessions *sessions, const char *account)
{
    return told_is(sessions->signs, account, "", "absent");
}

void sessions_note(struct sessions *sessions, const char *account)
{
    if (!told_is(sessions->signs, account, "", ""))
        (void)told_note(sessions->signs, account, "", "");
}

void sessions_probed(struct sessions *sessions, const char *account)
{
    if (!sessions_has(sessions, account))
        (void)told_note(sessions->signs, account, "", "probed");
}

static void note_absent(struct sessions *sessions, const char *account)
{
    (void)told_note(sessions->signs, account, "", "absent");
}

static size_t position(const struct session *session, const char *resource)
{
    size_t i = 0;

    while (i < session->n && strcmp(session->resources[i], resource) != 0)
        i++;
    return i;
}

bool sessions_come(struct sessions *sessions, const char *account,
                   const char *resource)
{
    struct session *session = find(sessions, account);
    bool first = !session;

    sessions_note(sessions, account);
    if (first) {
        if (HASH_COUNT(sessions->all) >= ACCOUNTS_MAX)
            return false;
        session = xcalloc(1, sizeof(*session));
        session->account = xstrdup(account);
        HASH_ADD_KEYPTR(hh, sessions->all, session->account,
                        strlen(session->account), session);
    }
    if (session->n < SESSION_RESOURCES &&
        position(session, resource) == session->n)
        session->resources[session->n++] = xstrdup(resource);
    return first;
}

bool sessions_go(struct sessions *sessions, const char *account,
                 const char *resource)
{
    struct session *session = find(sessions, account);
    size_t i;

    if (!session) {
        if (!resource[0] && told_is(sessions->signs, account, "", "probed"))
            note_absent(sessions, account);
        return false;
    }
    if (resource[0]) {
        i = position(session, resource);
        if (i == session->n)
            return false;
        free(session->resources[i]);
        session->resources[i] = session->resources[--session->n];
        if (session->n > 0)
            return false;
    }
    forget(sessions, session);
    note_absent(sessions, account);
    return true;
}

size_t sessions_resources(const struct sessions *sessions, const char *account,
                          const char *out[SESSION_RESOURCES])
{
    const struct session *session = find(sessions, account);
    size_t n = session ? session->n : 0;

    for (size_t i = 0; i < n; i++)
        out[i] = session->resources[i];
    return n;
}

bool sessions_has(const struct sessions *sessions, const char *account)
{
    return find(sessions, account) != NULL;
}

size_t sessions_count(const struct sessions *sessions)
{
    return HASH_COUNT(sessions->all);
}
