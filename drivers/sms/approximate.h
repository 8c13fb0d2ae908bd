/* approximate.h - a text in the letters that GSM 7-bit has: typographic signs
 * and accented Latin letters become plain ones, where that changes the look
 * and not the meaning. Other scripts, emoji, fractions and exponents are never
 * touched. Pure. */
#ifndef MOONGATE_SMS_APPROXIMATE_H
#define MOONGATE_SMS_APPROXIMATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "sms/gsm7.h"

enum { APPROXIMATE_KINDS = 8 };

/* What was changed: the first kinds in the order of the text. Joining a letter
 * with the accent behind it into one code point is no change. */
struct approximation {
    unsigned letters; /* places */
    size_t kinds;
    bool more; /* kinds than these */
    struct {
        uint32_t from;
        char to[5]; /* "": left out */
    } list[APPROXIMATE_KINDS];
};

/* Adds valid UTF-8 `text` to `out` with every character that the tables of
 * `shift` lack replaced. False, with nothing promised about the outputs, when
 * one of them has no likeness there or `out` is full. */
bool approximate(const char *text, size_t size, struct gsm7_shift shift,
                 struct buf *out, struct approximation *made);

/* "“ to \", … to ..., U+00A0 to a space", shortened to some 160 octets. */
void approximate_list(const struct approximation *made, struct buf *out);

#endif
