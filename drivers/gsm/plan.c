/* plan.c - a text becomes SUBMIT PDUs, received PDUs become a text. Both are
 * pure but for the line's options.
 *
 * A part is kept as the octets that AT+CMGS takes: SMSC, then the TPDU. The
 * gateway's own time to live is not written into it; `validity` is how long
 * the SMSC shall try. */
#include "gsm/gsm.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/utf8.h"
#include "sms/concat.h"

enum { JOINED_MAX = 512 * 1024 };

static bool init_submit(const struct settings *options,
                        const struct outgoing *message, struct pdu *pdu,
                        struct err *err)
{
    const char *smsc = settings_text(options, "smsc");
    long validity = (long)settings_int(options, "validity");
    char number[NUMBER_MAX];

    if (strncmp(message->to, "name:", 5) == 0)
        return err_set(err, ERR_NOT_ALLOWED,
                       "a sender's name cannot be answered");
    number_dial(message->to, number, sizeof(number));
    if (!pdu_init_submit(pdu, number, err))
        return false;
    if (smsc != NULL && !pdu_set_address(&pdu->smsc, smsc, err))
        return false;
    pdu->report = message->report && settings_bool(options, "reports");
    if (validity > 0) {
        pdu->validity.form = PDU_VP_RELATIVE;
        pdu->validity.relative = pdu_validity_octet(validity);
    }
    return true;
}

/* The TP-MR of part i. The SMSC compares it when a second try carries TP-RD,
 * so it is the same at every try, never the same for neighbours, and seldom
 * for two texts. Modems that count for themselves overwrite it. */
static uint8_t part_reference(const struct outgoing *message, unsigned i)
{
    unsigned char start = 0;
    size_t size;

    (void)parse_hex(message->key, 2, &start, 1, &size);
    return (uint8_t)(start + i);
}

bool gsm_plan(struct line *line, const struct outgoing *message,
              struct parts *parts, struct err *err)
{
    const struct settings *options = line_options(line);
    struct concat_options concat = {
        .reference = message->reference,
        .wide = settings_enum(options, "reference_bits") == 1,
        .max_parts = (unsigned)settings_int(options, "max_parts"),
    };
    struct concat_plan plan;
    struct pdu pdu;
    struct pdu_bytes bytes;

    if (message->kind != KIND_TEXT && message->kind != KIND_NOTICE)
        return err_set(err, ERR_UNSUPPORTED, "SMS carries only texts");
    if (!init_submit(options, message, &pdu, err) ||
        !concat_split(message->text, strlen(message->text), &concat, &plan,
                      err))
        return false;
    for (unsigned i = 0; i < plan.total; i++) {
        struct pdu part = pdu;

        concat_fill(&plan, message->text, i, &part);
        part.mr = part_reference(message, i);
        if (!pdu_encode(&part, &bytes, err))
            return false;
        parts_add(parts, bytes.bytes, bytes.size);
    }
    return true;
}

static bool join(const struct fragment *fragments, size_t n, unsigned total,
                 struct buf *out, struct err *err)
{
    struct concat_join joined;
    struct pdu pdu;

    concat_begin(&joined, out, total);
    for (size_t i = 0; i < n; i++) {
        if (!pdu_decode(fragments[i].bytes, fragments[i].size, &pdu, err))
            return false;
        if (!concat_add(&joined, fragments[i].seq, &pdu))
            return err_set(err, ERR_TOO_LONG, "the joined text is too long");
    }
    if (!concat_end(&joined))
        return err_set(err, ERR_TOO_LONG, "the joined text is too long");
    return true;
}

bool gsm_assemble(struct line *line, const struct fragment *fragments, size_t n,
                  unsigned total, char **text, struct err *err)
{
    struct buf raw, clean;
    bool ok;

    (void)line;
    buf_init(&raw, JOINED_MAX);
    buf_init(&clean, JOINED_MAX);
    ok = join(fragments, n, total, &raw, err);
    if (ok) {
        (void)utf8_clean(&clean, buf_text(&raw), raw.len);
        *text = buf_take(&clean);
    }
    buf_free(&raw);
    buf_free(&clean);
    return ok;
}
