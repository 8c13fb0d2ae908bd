/* log.c - formats one line and writes it with one write(2), so that lines of
 * several threads never mix. What a peer sends may end up in arguments:
 * control characters (C0, DEL, and C1 in UTF-8) are therefore never printed. */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

enum { LINE_MAX_OCTETS = 2048, SECRET_MIN = 6, SECRETS_MAX = 4096 };

static _Atomic int shown_level = LOG_LEVEL_INFO;

/* Append-only but for the oldest, so that other threads read without a lock;
 * one that is replaced is not freed, since a line may be looking at it. */
static _Atomic(char *) secrets[SECRETS_MAX];
static atomic_size_t n_secrets;

static const char *const names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

void log_set_level(enum log_level level)
{
    atomic_store(&shown_level, (int)level);
}

bool log_level_parse(const char *name, enum log_level *level)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

static void replace_controls(char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c < 0x20 || c == 0x7F) {
            text[i] = '?';
        } else if (c == 0xC2 && i + 1 < size &&
                   (unsigned char)text[i + 1] < 0xA0) {
            text[i] = '?';
            text[++i] = '?';
        }
    }
}

static size_t secrets_known(void)
{
    size_t n = atomic_load(&n_secrets);

    return n < SECRETS_MAX ? n : SECRETS_MAX;
}

void log_hide(const char *secret)
{
    size_t n = secrets_known();

    if (strlen(secret) < SECRET_MIN)
        return;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(atomic_load(&secrets[i]), secret) == 0)
            return;
    }
    atomic_store(&secrets[atomic_load(&n_secrets) % SECRETS_MAX],
                 xstrdup(secret));
    atomic_fetch_add(&n_secrets, 1);
}

/* Returns the new size of the text. */
static size_t hide_secrets(char *text, size_t size)
{
    static const char mark[] = "***";
    size_t n = secrets_known(), mark_size = sizeof mark - 1;

    for (size_t i = 0; i < n; i++) {
        const char *secret = atomic_load(&secrets[i]);
        size_t len = strlen(secret);
        char *at = text;

        while ((at = memmem(at, size - (size_t)(at - text), secret, len))) {
            char *end = at + len;

            memcpy(at, mark, mark_size);
            at += mark_size;
            memmove(at, end, size - (size_t)(end - text));
            size -= len - mark_size;
        }
    }
    return size;
}

static size_t add_stamp(char *line, size_t size)
{
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm date;

    if (!isatty(STDERR_FILENO))
        return 0;
    if (localtime_r(&now, &date) == NULL)
        return 0;
    return strftime(line, size, "%H:%M:%S ", &date);
}

void log_line(enum log_level level, const char *format, ...)
{
    char line[LINE_MAX_OCTETS];
    size_t at, room;
    va_list args;
    int n;

    if ((int)level > atomic_load(&shown_level))
        return;
    at = add_stamp(line, sizeof line);
    at += (size_t)snprintf(line + at, sizeof line - at, "%s ", names[level]);
    room = sizeof line - at - 1;
    va_start(args, format);
    n = vsnprintf(line + at, room, format, args);
    va_end(args);
    if (n < 0)
        return;
    if ((size_t)n >= room)
        n = (int)room - 1;
    replace_controls(line + at, (size_t)n);
    at += hide_secrets(line + at, (size_t)n);
    line[at++] = '\n';
    /* Nobody is left to be told when standard error fails. */
    if (write(STDERR_FILENO, line, at) < 0)
        return;
}

struct log_number log_number(const char *address)
{
    enum { HEAD = 5, TAIL = 2, STARS = 5 };
    struct log_number out = { "" };
    size_t size = strlen(address);

    if (size <= HEAD + TAIL) {
        memcpy(out.text, address, size);
        return out;
    }
    memcpy(out.text, address, HEAD);
    memset(out.text + HEAD, '*', STARS);
    memcpy(out.text + HEAD + STARS, address + size - TAIL, TAIL);
    return out;
}
