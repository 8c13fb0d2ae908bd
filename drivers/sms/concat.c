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

enum {
    USER_DATA_MAX = 140, /* octets */
    IE_CONCAT8 = 0x00,
    IE_CONCAT16 = 0x08,
    IE_SINGLE = 0x24,
    IE_LOCKING = 0x25,
};

/* Octets of user data header, with its length octet, of a part of several or
 * of the only one. */
static unsigned header_size(const struct concat_plan *plan, bool several)
{
    unsigned size = several ? plan->options.wide ? 6 : 5 : 0;

    size += plan->shift.single != 0 ? 3 : 0;
    size += plan->shift.locking != 0 ? 3 : 0;
    return size > 0 ? size + 1 : 0;
}

/* Units that a part holds (TS 23.040 9.2.3.24.1): septets begin at the next
 * septet border after the header, UTF-16 units are whole. */
static unsigned room_of(const struct concat_plan *plan, bool several)
{
    unsigned header = header_size(plan, several);

    if (plan->alphabet == PDU_GSM7)
        return GSM7_SEPTETS_MAX - (8 * header + 6) / 7;
    return (USER_DATA_MAX - header) / 2;
}

static unsigned char_units(const struct concat_plan *plan, uint32_t cp)
{
    uint8_t pair[2];

    if (plan->alphabet == PDU_GSM7)
        return (unsigned)gsm7_shift_char(plan->shift, cp, pair);
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
        unsigned units = char_units(plan, cp);

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

/* Cuts by plan->alphabet and plan->shift. False, with plan->total 0, when the
 * text has a character that they lack, or would surely not be better than
 * `best` parts (0: whatever it takes). */
static bool cut_all(const char *text, size_t size, unsigned best,
                    struct concat_plan *plan)
{
    unsigned whole = room_of(plan, false), room = room_of(plan, true);
    size_t units;

    plan->total = 0;
    if (plan->alphabet == PDU_UCS2)
        units = utf8_units(text, size);
    else if (!gsm7_shift_fits(plan->shift, text, size, &units))
        return false;
    if (best == 1 ||
        (best > 1 && units > (size_t)room * (best - 1) && units > whole))
        return false;
    plan->total = cut(text, size, units <= whole ? whole : room, plan);
    return true;
}

/* The n-th national shift: first those that change single letters only, then
 * those that change the alphabet. */
static bool nth_shift(uint16_t languages, unsigned n, struct gsm7_shift *shift)
{
    unsigned known = 0, ids[GSM7_LANGUAGES];
    uint8_t id;

    for (unsigned i = 1; i < GSM7_LANGUAGES; i++)
        if (languages >> i & 1)
            ids[known++] = i;
    if (n >= 3 * known)
        return false;
    id = (uint8_t)ids[n < known ? n : (n - known) / 2];
    shift->locking = n < known ? 0 : id;
    shift->single = n < known || (n - known) % 2 != 0 ? id : 0;
    return true;
}

bool concat_shift(uint16_t languages, unsigned n, struct gsm7_shift *shift)
{
    *shift = (struct gsm7_shift){ 0 };
    return n == 0 || nth_shift(languages, n - 1, shift);
}

unsigned concat_limit(const struct concat_options *options)
{
    unsigned limit = options->max_parts;

    return limit == 0 || limit > CONCAT_PARTS_MAX ? CONCAT_PARTS_MAX : limit;
}

bool concat_cut(const char *text, size_t size, enum pdu_alphabet alphabet,
                struct gsm7_shift shift, const struct concat_options *options,
                struct concat_plan *plan)
{
    plan->options = *options;
    plan->alphabet = alphabet;
    plan->shift = shift;
    return cut_all(text, size, 0, plan);
}

/* Each national table is tried as long as it may save a part. A text that is
 * over the limit with one septet a character is not worth the search. */
static void try_languages(const char *text, size_t size,
                          struct concat_plan *plan)
{
    size_t most = (size_t)concat_limit(&plan->options) * GSM7_SEPTETS_MAX;
    struct concat_plan other = { .options = plan->options,
                                 .alphabet = PDU_GSM7 };
    unsigned n = 1;

    if (plan->options.languages == 0 || utf8_length(text, size) > most)
        return;
    for (; concat_shift(plan->options.languages, n, &other.shift); n++) {
        bool tie = plan->alphabet == PDU_UCS2; /* GSM 7-bit wins then */

        if (cut_all(text, size, plan->total + tie, &other) &&
            other.total < plan->total + tie)
            *plan = other;
    }
}

void concat_choose(const char *text, size_t size,
                   const struct concat_options *options,
                   struct concat_plan *plan)
{
    static const struct gsm7_shift none;

    if (!concat_cut(text, size, PDU_GSM7, none, options, plan))
        (void)concat_cut(text, size, PDU_UCS2, none, options, plan);
    if (plan->total > 1 || plan->alphabet == PDU_UCS2)
        try_languages(text, size, plan);
}

bool concat_check(const struct concat_plan *plan, struct err *err)
{
    unsigned limit = concat_limit(&plan->options);

    if (plan->total > limit)
        return err_set(err, ERR_TOO_LONG,
                       "the text needs %u parts, the limit is %u", plan->total,
                       limit);
    return true;
}

bool concat_split(const char *text, size_t size,
                  const struct concat_options *options,
                  struct concat_plan *plan, struct err *err)
{
    concat_choose(text, size, options, plan);
    return concat_check(plan, err);
}

unsigned concat_room_left(const struct concat_plan *plan)
{
    unsigned used;

    assert(plan->total >= 1 && plan->total <= CONCAT_PARTS_MAX);
    used = plan->parts[plan->total - 1].units;
    return room_of(plan, plan->total > 1) - used;
}

static size_t put_concat(const struct pdu_concat *concat, uint8_t *out)
{
    size_t n = 0;

    out[n++] = concat->wide ? IE_CONCAT16 : IE_CONCAT8;
    out[n++] = concat->wide ? 4 : 3;
    if (concat->wide)
        out[n++] = (uint8_t)(concat->reference >> 8);
    out[n++] = (uint8_t)concat->reference;
    out[n++] = concat->total;
    out[n++] = concat->seq;
    return n;
}

/* TS 23.040 9.2.3.24.15 and .16. */
static size_t put_language(uint8_t element, uint8_t language, uint8_t *out)
{
    if (language == 0)
        return 0;
    out[0] = element;
    out[1] = 1;
    out[2] = language;
    return 3;
}

static void put_header(struct pdu *pdu)
{
    size_t n = 1;

    if (pdu->concat.total > 0)
        n += put_concat(&pdu->concat, pdu->udh + n);
    n += put_language(IE_SINGLE, pdu->shift.single, pdu->udh + n);
    n += put_language(IE_LOCKING, pdu->shift.locking, pdu->udh + n);
    pdu->udh[0] = (uint8_t)(n - 1);
    pdu->udh_size = n > 1 ? n : 0;
}

void concat_fill(const struct concat_plan *plan, const char *text, unsigned i,
                 struct pdu *pdu)
{
    const struct concat_part *part = &plan->parts[i];
    bool ok;

    assert(i < plan->total && plan->total <= CONCAT_PARTS_MAX);
    pdu_set_dcs(pdu, pdu_dcs(plan->alphabet, pdu->class));
    pdu->shift = plan->shift;
    memset(&pdu->concat, 0, sizeof pdu->concat);
    if (plan->total > 1) {
        pdu->concat = (struct pdu_concat){
            .reference = plan->options.wide ? plan->options.reference
                                            : plan->options.reference & 0xFF,
            .wide = plan->options.wide,
            .total = (uint8_t)plan->total,
            .seq = (uint8_t)(i + 1),
        };
    }
    put_header(pdu);
    assert(pdu->udh_size == header_size(plan, plan->total > 1));
    if (plan->alphabet == PDU_GSM7)
        ok = gsm7_shift_encode(plan->shift, text + part->start, part->size,
                               pdu->data, sizeof pdu->data, &pdu->size);
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
