/* log.h - one line per fact, to standard error (journald adds the time there)
 * or with a timestamp on a terminal. Never a body, never a secret; phone
 * numbers only through log_number(). */
#ifndef MOONGATE_BASE_LOG_H
#define MOONGATE_BASE_LOG_H

#include <stdbool.h>

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG
};

/* Lines above `level` are dropped from now on; the default is info. The level,
 * and what log_hide() was told, are the only mutable state of the program that
 * is not in struct gateway. */
void log_set_level(enum log_level level);

/* "error", "warn", "info" or "debug"; false leaves *level alone. */
bool log_level_parse(const char *name, enum log_level *level);

/* Writes one line: "LEVEL what happened key=value ...". Control characters
 * in arguments are printed as '?'. Thread-safe (one write(2)). */
void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* Never shows this text again: a copy is kept, and wherever it stands in a line
 * it becomes "***". For secrets, once they are known. What has less than six
 * octets would blot out words and is not taken; the last 4096 count. From the
 * loop thread only. */
void log_hide(const char *secret);

/* A shortened address for logs: "+4477*****23" (keeps 5 leading and 2 last
 * characters of longer ones). Returned by value: use `.text` in the call. */
struct log_number {
    char text[24];
};
struct log_number log_number(const char *address);

#endif
