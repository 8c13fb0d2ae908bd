/* compose.h - how a text goes out: its encoding and parts, approximated where
 * that was asked for, and the words about it. Pure but for memory. */
#ifndef MOONGATE_SMS_COMPOSE_H
#define MOONGATE_SMS_COMPOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "sms/approximate.h"
#include "sms/concat.h"

struct settings;

struct compose_options {
    struct concat_options concat;
    bool approximate; /* rather than UCS-2, where it costs no more parts */
};

struct composed {
    struct buf text; /* what is sent: the one for concat_fill */
    struct concat_plan plan;
    struct approximation made; /* letters 0: nothing was changed */
    unsigned saved;            /* parts, by approximating */
    uint32_t odd;              /* the first character that takes UCS-2 */
};

/* Free it with composed_free when true was returned. ERR_TOO_LONG as by
 * concat_split. */
bool compose(const char *text, size_t size,
             const struct compose_options *options, struct composed *out,
             struct err *err);
void composed_free(struct composed *composed);

/* "GSM 7-bit with Turkish letters, 12 characters left in the last part". */
void compose_describe(const struct composed *composed, struct buf *out);

/* "Sent with 2 letters changed to save 1 part: “ to \", … to ..."; nothing
 * when nothing was changed. */
void compose_remark(const struct composed *composed, struct buf *out);

/* Adds the language called `name` to *languages (concat_options); ERR_CONFIG
 * names all of them. */
bool compose_language(const char *name, uint16_t *languages, struct err *err);

/* The names in a list option. */
bool compose_languages(const struct settings *s, const char *key,
                       uint16_t *languages, struct err *err);

#endif
