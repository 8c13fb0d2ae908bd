/* concat.c - cutting and joining.
 *
 * Cutting walks the text once, code point by code point, and remembers the
 * last place where a cluster ended. When a part is full it is closed there, or
 * at the current code point when the cluster alone fills the part. Whether a
 * place is inside a cluster is decided by grapheme.c.
 *
 * Joining is a stream: parts are fed in order to one decoder per alphabet, so
 * what a foreign sender has cut apart (an escape, a surrogate pair, even the
 * two octets of a unit) comes together again. */
#include "sms/concat.h"

#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "sms/grapheme.h"

struct room {
    unsigned whole, narrow, wide; /* units of a part, by reference width */
};

/* TS 23.040 9.2.3.24.1: 140 octets less 0, 6 or 7 of user data header. */
static const struct room gsm7_room = { 160, 153, 152 };
static const struct room ucs2_room = { 70, 67, 66 };

static unsigned char_units(enum pdu_alphabet alphabet, uint32_t cp)
{
    uint8_t pair[2];

    if (alphabet == PDU_GSM7)
        return (unsigned)gsm7_encode_char(cp, pair);
    return cp >= 0x10000 ? 2 : 1;
}

struct cutter {
    struct concat_plan *plan;
    unsigned total; /* parts so far; those above the ceiling only count */
    size_t start;   /* of the open part */
    unsigned units; /* in the open part */
    size_t safe;    /* last cluster end in the open part */
    unsigned safe_units;
};

static void close_part(struct cutter *cutter, size_t end, unsigned units)
{
    if (cutter->total < CONCAT_PARTS_MAX) {
        cutter->plan->parts[cutter->total] = (struct concat_part){
            .start = cutter->start,
            .size = end - cutter->start,
            .units = units,
        };
    }
    cutter->total++;
    cutter->start = end;
    cutter->units -= units;
    cutter->safe = end;
    cutter->safe_units = 0;
}

/* Cuts with `room` units a part; returns the number of parts. */
static unsigned cut(const char *text, size_t size, unsigned room,
                    struct concat_plan *plan)
{
    struct cutter cutter = { .plan = plan };
    struct grapheme_state state = { 0 };

    for (size_t pos = 0, at = 0; pos < size; at = pos) {
        uint32_t cp = utf8_next(text, size, &pos);
        unsigned units = char_units(plan->alphabet, cp);

        if (grapheme_starts(&state, cp)) {
            cutter.safe = at;
            cutter.safe_units = cutter.units;
        }
        if (cutter.units + units > room && cutter.safe > cutter.start)
            close_part(&cutter, cutter.safe, cutter.safe_units);
        if (cutter.units + units > room)
            close_part(&cutter, at, cutter.units);
        cutter.units += units;
    }
    close_part(&cutter, size, cutter.units);
    return cutter.total;
}

bool concat_split(const char *text, size_t size,
                  const struct concat_options *options,
                  struct concat_plan *plan, struct err *err)
{
    const struct room *room = &gsm7_room;
    unsigned limit = options->max_parts;
    size_t units;

    if (limit == 0 || limit > CONCAT_PARTS_MAX)
        limit = CONCAT_PARTS_MAX;
    plan->options = *options;
    plan->alphabet = PDU_GSM7;
    if (!gsm7_fits(text, size, &units)) {
        plan->alphabet = PDU_UCS2;
        room = &ucs2_room;
        units = utf8_units(text, size);
    }
    plan->total = cut(text, size,
                      units <= room->whole ? room->whole
                      : options->wide      ? room->wide
                                           : room->narrow,
                      plan);
    if (plan->total > limit)
        return err_set(err, ERR_TOO_LONG,
                       "the text needs %u short messages, the limit is %u",
                       plan->total, limit);
    return true;
}

size_t concat_header(const struct pdu_concat *concat, uint8_t udh[8])
{
    size_t n = 0;

    udh[n++] = concat->wide ? 6 : 5;
    udh[n++] = concat->wide ? 8 : 0;
    udh[n++] = concat->wide ? 4 : 3;
    if (concat->wide)
        udh[n++] = (uint8_t)(concat->reference >> 8);
    udh[n++] = (uint8_t)concat->reference;
    udh[n++] = concat->total;
    udh[n++] = concat->seq;
    return n;
}

void concat_fill(const struct concat_plan *plan, const char *text, unsigned i,
                 struct pdu *pdu)
{
    const struct concat_part *part = &plan->parts[i];
    bool ok;

    assert(i < plan->total && plan->total <= CONCAT_PARTS_MAX);
    pdu_set_dcs(pdu, pdu_dcs(plan->alphabet, pdu->class));
    pdu->udh_size = 0;
    memset(&pdu->concat, 0, sizeof pdu->concat);
    if (plan->total > 1) {
        pdu->concat = (struct pdu_concat){
            .reference = plan->options.wide ? plan->options.reference
                                            : plan->options.reference & 0xFF,
            .wide = plan->options.wide,
            .total = (uint8_t)plan->total,
            .seq = (uint8_t)(i + 1),
        };
        pdu->udh_size = concat_header(&pdu->concat, pdu->udh);
    }
    if (plan->alphabet == PDU_GSM7)
        ok = gsm7_encode(text + part->start, part->size, pdu->data,
                         sizeof pdu->data, &pdu->size);
    else
        ok = ucs2_encode(text + part->start, part->size, pdu->data,
                         sizeof pdu->data, &pdu->size);
    assert(ok);
    (void)ok;
}

void concat_begin(struct concat_join *join, struct buf *out, unsigned total)
{
    *join = (struct concat_join){ .out = out, .total = total, .next = 1 };
}

static bool close_decoder(struct concat_join *join)
{
    if (!join->open)
        return true;
    join->open = false;
    if (join->alphabet == PDU_GSM7)
        return gsm7_finish(&join->gsm7, join->out);
    return ucs2_finish(&join->ucs2, join->out);
}

/* Leaves a mark for the parts from join->next up to, not including, seq. */
static bool mark_gap(struct concat_join *join, unsigned seq)
{
    unsigned first = join->next;

    if (first >= seq)
        return true;
    if (!close_decoder(join))
        return false;
    if (first == seq - 1)
        return buf_addf(join->out, "[part %u of %u missing]", first,
                        join->total);
    return buf_addf(join->out, "[parts %u-%u of %u missing]", first, seq - 1,
                    join->total);
}

static bool same_decoder(const struct concat_join *join, const struct pdu *part)
{
    return join->open && join->alphabet == part->alphabet &&
           (part->alphabet != PDU_GSM7 ||
            (join->gsm7.shift.locking == part->shift.locking &&
             join->gsm7.shift.single == part->shift.single));
}

bool concat_add(struct concat_join *join, unsigned seq, const struct pdu *part)
{
    if (seq < join->next || seq > join->total)
        return true;
    if (!mark_gap(join, seq))
        return false;
    join->next = seq + 1;
    if (part->compressed || part->alphabet == PDU_8BIT)
        return close_decoder(join) && pdu_text(part, join->out);
    if (!same_decoder(join, part)) {
        if (!close_decoder(join))
            return false;
        join->open = true;
        join->alphabet = part->alphabet;
        join->gsm7.shift = part->shift;
    }
    if (part->alphabet == PDU_GSM7)
        return gsm7_feed(&join->gsm7, join->out, part->data, part->size);
    return ucs2_feed(&join->ucs2, join->out, part->data, part->size);
}

bool concat_end(struct concat_join *join)
{
    return close_decoder(join) && mark_gap(join, join->total + 1);
}
