/* concat.h - one text in several short messages: cutting it (on the way out)
 * and joining it (on the way in). Pure; 3GPP TS 23.040 9.2.3.24.1 and .8. */
#ifndef MOONGATE_SMS_CONCAT_H
#define MOONGATE_SMS_CONCAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "sms/pdu.h"
#include "sms/ucs2.h"

enum { CONCAT_PARTS_MAX = 255 };

struct concat_options {
    uint16_t reference; /* cut to 8 bits unless wide */
    bool wide;          /* 16-bit reference: one septet or unit less a part */
    unsigned max_parts; /* 0: CONCAT_PARTS_MAX */
    uint16_t languages; /* bit n: the national tables n may be used (gsm7.h) */
};

/* Where one part lies in the text, and how long it is in the air. */
struct concat_part {
    size_t start, size; /* octets of the UTF-8 text */
    unsigned units;     /* septets, or UTF-16 units */
};

struct concat_plan {
    enum pdu_alphabet alphabet; /* PDU_GSM7 when the text fits, or PDU_UCS2 */
    struct gsm7_shift shift;    /* national tables of PDU_GSM7, or zero */
    struct concat_options options;
    unsigned total; /* at least 1, also for an empty text */
    struct concat_part parts[CONCAT_PARTS_MAX];
};

/* Cuts valid UTF-8. Never inside an ESC pair or a surrogate pair, and not
 * inside a grapheme cluster as long as the cluster fits into one part. The
 * encoding with the fewest parts is taken; of equal ones plain GSM 7-bit, then
 * a national single shift, then a locking shift with or without it, then
 * UCS-2. ERR_TOO_LONG gives the parts it would need and the limit. */
bool concat_split(const char *text, size_t size,
                  const struct concat_options *options,
                  struct concat_plan *plan, struct err *err);

/* The two halves of concat_split: plan->total may pass the limit (then only
 * the first CONCAT_PARTS_MAX are in plan->parts), and is checked. */
void concat_choose(const char *text, size_t size,
                   const struct concat_options *options,
                   struct concat_plan *plan);
bool concat_check(const struct concat_plan *plan, struct err *err);
unsigned concat_limit(const struct concat_options *options);

/* Cuts with this encoding; false when the text has a character it lacks. */
bool concat_cut(const char *text, size_t size, enum pdu_alphabet alphabet,
                struct gsm7_shift shift, const struct concat_options *options,
                struct concat_plan *plan);

/* The n-th shift that `languages` allow, in order of preference; 0 is none. */
bool concat_shift(uint16_t languages, unsigned n, struct gsm7_shift *shift);

/* Septets or UTF-16 units that the last part has left. */
unsigned concat_room_left(const struct concat_plan *plan);

/* Fills dcs, header (concatenation, national shifts) and data of part `i`
 * (from 0) of `text`, which is the one that was cut, into an initialised
 * SUBMIT. */
void concat_fill(const struct concat_plan *plan, const char *text, unsigned i,
                 struct pdu *pdu);

/* Joins received parts, one after the other in rising order of seq, into
 * `out`: octets of neighbouring UCS-2 parts are joined before decoding, as are
 * septets. Parts that are absent leave "[part 2 of 3 missing]". Start with
 * concat_begin; results are false when `out` is full. */
struct concat_join {
    struct buf *out;
    unsigned total, next; /* next: the seq that would leave no gap */
    bool open;            /* a decoder waits for a neighbour */
    enum pdu_alphabet alphabet;
    struct gsm7_decoder gsm7;
    struct ucs2_decoder ucs2;
};
void concat_begin(struct concat_join *join, struct buf *out, unsigned total);
bool concat_add(struct concat_join *join, unsigned seq, const struct pdu *part);
bool concat_end(struct concat_join *join);

#endif
