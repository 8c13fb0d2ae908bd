/* limit.h - how much somebody may send in a while, and when he wants quiet;
 * as people write it, and on the local clock. Pure. */
#ifndef MOONGATE_BASE_LIMIT_H
#define MOONGATE_BASE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum limit_unit {
    LIMIT_MESSAGES,
    LIMIT_PARTS,    /* what networks charge for: a long text has several */
    LIMIT_CONTACTS, /* that were never written to before */
    LIMIT_UNITS,
};

enum limit_span {
    SPAN_MINUTE,
    SPAN_HOUR,
    SPAN_DAY,
    SPAN_MONTH,
    LIMIT_SPANS,
};

/* 0: no limit. */
struct limits {
    int64_t caps[LIMIT_UNITS][LIMIT_SPANS];
};

/* Adds what "20 messages/day" says. ERR_CONFIG tells how to write it. */
bool limits_add(struct limits *limits, const char *item, struct err *err);

/* All of "20 messages/day, 60 parts/month"; "none" for no limit at all. */
bool limits_parse(const char *text, struct limits *out, struct err *err);

bool limits_none(const struct limits *limits);

/* "messages/day": a name for what is counted. */
const char *limit_name(enum limit_unit unit, enum limit_span span);

/* The minute, hour, day or month of this machine's local clock that `now` is
 * in; Unix ms, `end` is the first moment after it. */
struct period {
    int64_t start, end;
};
struct period period_at(enum limit_span span, int64_t now);

/* A use of n that does not fit: which limit, how far it is used, when there is
 * room again (retry_after too). ERR_LIMITED, or ERR_TOO_LONG when n can never
 * fit. `whose`: "you have", "this gateway has". */
struct limit_use {
    enum limit_unit unit;
    enum limit_span span;
    int64_t cap, used, n;
    int64_t now;
    const char *whose;
};
bool limit_refuse(const struct limit_use *use, struct err *err);

/* ", again at 15:04" with the day where it is another one; for people. */
struct limit_text {
    char text[48];
};
struct limit_text limit_when(int64_t then, int64_t now);

/* Hours of a day in which nothing shall be delivered; minutes from midnight,
 * over midnight when to < from, none when they are equal. */
struct quiet {
    int from, to;
};

/* "22:00-07:00"; ERR_CONFIG tells how to write it. */
bool quiet_parse(const char *text, struct quiet *out, struct err *err);

/* When the quiet that it is in at `now` ends, Unix ms; 0: it is not quiet. */
int64_t quiet_until(const struct quiet *quiet, int64_t now);

#endif
