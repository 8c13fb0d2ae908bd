/* finding.h - one thing that `doctor` looked at: how it is, and what to do. */
#ifndef MOONGATE_CORE_FINDING_H
#define MOONGATE_CORE_FINDING_H

struct json_object;

enum finding_state { FINDING_OK, FINDING_WARN, FINDING_FAIL };

struct finding {
    enum finding_state state;
    const char *about;  /* "network sms", "line sim1", "" */
    const char *check;  /* "stream": a word for scripts */
    const char *text;   /* what was seen */
    const char *advice; /* what to do, in words; NULL: nothing */
    const char *config; /* lines for the server's configuration; NULL: none */
};

/* Called for each finding, whose texts are borrowed; NULL: that was all, and
 * it is not called again. */
typedef void finding_fn(void *arg, const struct finding *finding);

/* "warn: network sms: ...", and below it, indented, what to do. The caller
 * frees. */
char *finding_text(const struct finding *finding);

/* The same for --json; the caller puts it. */
struct json_object *finding_row(const struct finding *finding);

#endif
