/* err.c - filling struct err, and the policy table.
 *
 * Conditions and types follow RFC 6120 8.3 and XEP-0100 4.5; they are what the
 * sender of a message sees when it ends with an error of that kind. `retry`
 * is for the message: ERR_AUTH and ERR_CONFIG hold the whole line instead,
 * ERR_UNKNOWN is settled by the policy for ambiguous submissions. */
#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { ROOM = 512 };

static const struct err_policy policies[ERR_KINDS] = {
    [ERR_NONE] = { "none", false, "undefined-condition", "cancel",
                   LOG_LEVEL_DEBUG },
    [ERR_TEMPORARY] = { "temporary", true, "remote-server-timeout", "wait",
                        LOG_LEVEL_INFO },
    [ERR_LIMITED] = { "limited", true, "policy-violation", "wait",
                      LOG_LEVEL_INFO },
    [ERR_REJECTED] = { "rejected", false, "not-acceptable", "cancel",
                       LOG_LEVEL_INFO },
    [ERR_NO_RECIPIENT] = { "no-recipient", false, "item-not-found", "cancel",
                           LOG_LEVEL_INFO },
    [ERR_UNREACHABLE] = { "unreachable", true, "recipient-unavailable", "wait",
                          LOG_LEVEL_INFO },
    [ERR_EXPIRED] = { "expired", false, "recipient-unavailable", "wait",
                      LOG_LEVEL_INFO },
    [ERR_BAD_ADDRESS] = { "bad-address", false, "item-not-found", "cancel",
                          LOG_LEVEL_DEBUG },
    [ERR_MOVED] = { "moved", false, "gone", "cancel", LOG_LEVEL_DEBUG },
    [ERR_UNSUPPORTED] = { "unsupported", false, "feature-not-implemented",
                          "cancel", LOG_LEVEL_DEBUG },
    [ERR_NOT_ALLOWED] = { "not-allowed", false, "not-allowed", "cancel",
                          LOG_LEVEL_DEBUG },
    [ERR_FORBIDDEN] = { "forbidden", false, "forbidden", "auth",
                        LOG_LEVEL_INFO },
    [ERR_UNREGISTERED] = { "unregistered", false, "registration-required",
                           "auth", LOG_LEVEL_DEBUG },
    [ERR_TOO_LONG] = { "too-long", false, "not-acceptable", "modify",
                       LOG_LEVEL_DEBUG },
    [ERR_AUTH] = { "auth", false, "not-authorized", "auth", LOG_LEVEL_ERROR },
    [ERR_CONFIG] = { "config", false, "internal-server-error", "cancel",
                     LOG_LEVEL_ERROR },
    [ERR_PROTOCOL] = { "protocol", true, "remote-server-timeout", "wait",
                       LOG_LEVEL_WARN },
    [ERR_LINK] = { "link", true, "remote-server-timeout", "wait",
                   LOG_LEVEL_WARN },
    [ERR_FULL] = { "full", true, "resource-constraint", "wait",
                   LOG_LEVEL_WARN },
    [ERR_STORE] = { "store", false, "internal-server-error", "wait",
                    LOG_LEVEL_ERROR },
    [ERR_UNKNOWN] = { "unknown", false, "remote-server-timeout", "wait",
                      LOG_LEVEL_WARN },
    [ERR_BLOCKED] = { "blocked", false, "not-acceptable", "cancel",
                      LOG_LEVEL_DEBUG },
    [ERR_REPEATED] = { "repeated", true, "recipient-unavailable", "wait",
                       LOG_LEVEL_INFO },
    [ERR_STRANGER] = { "stranger", true, "recipient-unavailable", "wait",
                       LOG_LEVEL_INFO },
    [ERR_POISON] = { "poison", false, "not-acceptable", "cancel",
                     LOG_LEVEL_ERROR },
    [ERR_INTERNAL] = { "internal", false, "internal-server-error", "cancel",
                       LOG_LEVEL_ERROR },
};

const struct err_policy *err_policy(enum err_kind kind)
{
    assert((unsigned)kind < ERR_KINDS);
    return &policies[kind];
}

static void fill(struct err *err, enum err_kind kind, const char *text)
{
    memset(err, 0, sizeof *err);
    err->kind = kind;
    text_copy(err->text, sizeof err->text, text);
}

/* The arguments may point into *err: nothing of it changes before the text is
 * complete. */
bool err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
    char text[ROOM];
    va_list args;

    if (err == NULL)
        return false;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fill(err, kind, text);
    return false;
}

bool err_errno(struct err *err, enum err_kind kind, const char *format, ...)
{
    int number = errno;
    char text[ROOM];
    char both[ROOM + ROOM / 2];
    va_list args;

    if (err == NULL)
        return false;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(both, sizeof both, "%s: %s", text, strerror(number));
    fill(err, kind, both);
    return false;
}

bool err_wrap(struct err *err, const char *format, ...)
{
    char text[ROOM];
    char both[ROOM + sizeof err->text + 2];
    va_list args;

    if (err == NULL)
        return false;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(both, sizeof both, "%s: %s", text, err->text);
    text_copy(err->text, sizeof err->text, both);
    return false;
}

enum err_kind err_kind_parse(const char *name)
{
    for (int kind = 0; kind < ERR_KINDS; kind++) {
        if (strcmp(policies[kind].name, name) == 0)
            return (enum err_kind)kind;
    }
    return ERR_INTERNAL;
}
