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
#include "gsm/manner.h"
#include "sms/compose.h"

enum { JOINED_MAX = 512 * 1024 };

static bool set_addresses(const struct settings *options, const char *to,
                          struct pdu *pdu, struct err *err)
{
    const char *smsc = settings_text(options, "smsc");
    char number[NUMBER_MAX];

    if (strncmp(to, "name:", 5) == 0)
        return err_set(err, ERR_NOT_ALLOWED,
                       "a sender's name cannot be answered");
    number_dial(to, number, sizeof(number));
    if (!pdu_init_submit(pdu, number, err))
        return false;
    return smsc == NULL || pdu_set_address(&pdu->smsc, smsc, err);
}

/* What the message's own words leave open is as the line's options say. */
static bool init_submit(const struct settings *options,
                        const struct outgoing *message, struct pdu *pdu,
                        struct err *err)
{
    long validity = (long)settings_int(options, "validity");
    struct manner manner;

    if (!manner_parse(message->manner, &manner, err) ||
        !set_addresses(options, message->to, pdu, err))
        return false;
    pdu->class = manner.class;
    pdu->pid = manner.pid >= 0 ? (uint8_t)manner.pid : 0;
    pdu->report = message->report &&
                  (manner.report >= 0 ? manner.report == 1
                                      : settings_bool(options, "reports"));
    validity = manner.validity > 0 ? manner.validity : validity;
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

static bool add_parts(const struct composed *composed,
                      const struct outgoing *message, const struct pdu *pdu,
                      struct parts *parts, struct err *err)
{
    struct pdu_bytes bytes;

    for (unsigned i = 0; i < composed->plan.total; i++) {
        struct pdu part = *pdu;

        concat_fill(&composed->plan, buf_text(&composed->text), i, &part);
        part.mr = part_reference(message, i);
        if (!pdu_encode(&part, &bytes, err))
            return false;
        parts_add(parts, bytes.bytes, bytes.size);
    }
    return true;
}

enum { WORDS_MAX = 512 };

static void add_words(const struct composed *composed, struct parts *parts)
{
    struct buf words;

    buf_init(&words, WORDS_MAX);
    compose_describe(composed, &words);
    parts_describe(parts, "%s", buf_text(&words));
    buf_reset(&words);
    compose_remark(composed, &words);
    if (words.len > 0)
        parts_remark(parts, "%s", buf_text(&words));
    buf_free(&words);
}

bool gsm_plan(struct line *line, const struct outgoing *message,
              struct parts *parts, struct err *err)
{
    const struct settings *options = line_options(line);
    struct compose_options how = {
        .concat.reference = message->reference,
        .concat.wide = settings_enum(options, "reference_bits") == 1,
        .concat.max_parts = (unsigned)settings_int(options, "max_parts"),
        .approximate = settings_enum(options, "text_fallback") == 1,
    };
    struct composed composed;
    struct pdu pdu;
    bool ok;

    if (message->kind != KIND_TEXT && message->kind != KIND_NOTICE)
        return err_set(err, ERR_UNSUPPORTED, "SMS carries only texts");
    if (!compose_languages(options, "languages", &how.concat.languages, err) ||
        !init_submit(options, message, &pdu, err) ||
        !compose(message->text, strlen(message->text), &how, &composed, err))
        return false;
    ok = add_parts(&composed, message, &pdu, parts, err);
    if (ok)
        add_words(&composed, parts);
    composed_free(&composed);
    return ok;
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
    struct buf raw, clean, shown;
    bool ok;

    (void)line;
    buf_init(&raw, JOINED_MAX);
    buf_init(&clean, JOINED_MAX);
    buf_init(&shown, JOINED_MAX);
    ok = join(fragments, n, total, &raw, err);
    if (ok) {
        (void)utf8_clean(&clean, buf_text(&raw), raw.len);
        gsm_show_joined(fragments, n, buf_text(&clean), &shown);
        *text = buf_take(&shown);
    }
    buf_free(&raw);
    buf_free(&clean);
    return ok;
}
