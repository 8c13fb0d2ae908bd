/* receive.c - a received PDU becomes an up-call.
 *
 * What is no text for people (silent messages, data for the SIM) is deleted
 * without a word; what cannot be shown (MMS, data) is told in words.c. The
 * dedupe key is a fingerprint of SMSC, sender, the SMSC's timestamp and the
 * user data, so that one message listed twice, or sent once more by a network
 * that missed our acknowledgement, is one. */
#include "gsm/gsm.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/utf8.h"
#include "gsm/digest.h"
#include "gsm/words.h"

enum { TEXT_MAX = 4096, JOINED_MAX = 256 * 160 };

static struct digest_text fingerprint(const struct pdu *pdu)
{
    struct digest digest = digest_start();

    digest_add(&digest, pdu->smsc.text, strlen(pdu->smsc.text) + 1);
    digest_add(&digest, &pdu->address.toa, 1);
    digest_add(&digest, pdu->address.text, strlen(pdu->address.text) + 1);
    digest_add(&digest, &pdu->timestamp.unix_ms,
               sizeof(pdu->timestamp.unix_ms));
    digest_add(&digest, &pdu->dcs, 1);
    digest_add(&digest, pdu->udh, pdu->udh_size);
    digest_add(&digest, pdu->data, pdu->size);
    return digest_text(&digest);
}

/* A sender's name can never be a number's address, whatever it spells. */
static void sender_of(const struct pdu *pdu, char *out, size_t size)
{
    if (pdu->address.text[0] == '\0')
        snprintf(out, size, "name:unknown");
    else if (pdu_is_name(&pdu->address))
        snprintf(out, size, "name:%s", pdu->address.text);
    else
        snprintf(out, size, "%s", pdu->address.text);
}

static bool is_for_people(const struct pdu *pdu)
{
    return pdu->purpose != PDU_SILENT && pdu->purpose != PDU_SIM_DATA;
}

/* Nothing for people: gone without a word to the core. */
static void drop(struct gsm *g, struct gsm_slot *slot, const struct pdu *pdu)
{
    log_info("line %s: dropped a %s message", line_name(g->line),
             pdu_purpose_name(pdu->purpose));
    slot->use = slot->memory == MEMORIES ? SLOT_FREE : SLOT_DELETE;
}

static void receive_whole(struct gsm *g, struct gsm_slot *slot,
                          struct incoming *message, const struct pdu *pdu)
{
    struct buf raw, clean, shown;
    struct words words = {
        .first = pdu,
        .data = pdu->data,
        .size = pdu->alphabet == PDU_8BIT ? pdu->size : 0,
    };

    buf_init(&raw, TEXT_MAX);
    buf_init(&clean, TEXT_MAX);
    buf_init(&shown, TEXT_MAX);
    (void)pdu_text(pdu, &raw);
    (void)utf8_clean(&clean, buf_text(&raw), raw.len);
    words.text = buf_text(&clean);
    if (words_write(&words, &shown))
        message->kind = KIND_NOTICE;
    message->text = buf_text(&shown);
    line_received(g->line, message, 1, slot->token);
    buf_free(&raw);
    buf_free(&clean);
    buf_free(&shown);
}

static void receive_part(struct gsm *g, struct gsm_slot *slot,
                         const struct incoming *message, const struct pdu *pdu,
                         const struct fragment *fragment)
{
    char set[128];

    snprintf(set, sizeof(set), "%s/%u/%s/%u", message->chat,
             (unsigned)pdu->concat.reference, pdu->concat.wide ? "16" : "8",
             (unsigned)pdu->concat.total);
    line_received_part(g->line, message, set, pdu->concat.total, fragment,
                       slot->token);
}

static void receive_text(struct gsm *g, struct gsm_slot *slot,
                         const struct pdu *pdu, const struct fragment *fragment)
{
    struct digest_text id = fingerprint(pdu);
    char sender[80], type[16];
    struct incoming message = {
        .kind = pdu->replace != 0 ? KIND_EDIT : KIND_TEXT,
        .chat = sender,
        .remote_id = id.text,
        .slot = pdu->replace != 0 ? type : NULL,
        .at = pdu->timestamp.set ? pdu->timestamp.unix_ms : 0,
    };

    sender_of(pdu, sender, sizeof(sender));
    snprintf(type, sizeof(type), "replace%u", (unsigned)pdu->replace);
    if (!is_for_people(pdu))
        drop(g, slot, pdu);
    else if (pdu->concat.total <= 1)
        receive_whole(g, slot, &message, pdu);
    else
        receive_part(g, slot, &message, pdu, fragment);
}

/* Octets of an 8-bit message, as far as they are there without a gap. */
static void join_data(const struct fragment *fragments, size_t n,
                      struct buf *out)
{
    struct pdu pdu;

    for (size_t i = 0; i < n && fragments[i].seq == i + 1; i++)
        if (!pdu_decode(fragments[i].bytes, fragments[i].size, &pdu, NULL) ||
            pdu.alphabet != PDU_8BIT || !buf_add(out, pdu.data, pdu.size))
            return;
}

void gsm_show_joined(const struct fragment *fragments, size_t n,
                     const char *text, struct buf *out)
{
    struct words words = { .text = text };
    struct buf data;
    struct pdu first;

    if (n == 0 ||
        !pdu_decode(fragments[0].bytes, fragments[0].size, &first, NULL)) {
        (void)buf_add_text(out, text);
        return;
    }
    buf_init(&data, JOINED_MAX);
    join_data(fragments, n, &data);
    words.first = &first;
    words.data = (const uint8_t *)buf_text(&data);
    words.size = data.len;
    (void)words_write(&words, out);
    buf_free(&data);
}

/* A receipt needs TP-ST 0x00: the other "successful" values only mean that
 * the SMSC has done with it. */
static void receive_report(struct gsm *g, const struct gsm_slot *slot,
                           const struct pdu *pdu)
{
    static const enum report_kind kinds[] = {
        [PDU_DELIVERED] = REPORT_DELIVERED,
        [PDU_FORWARDED] = REPORT_PENDING,
        [PDU_PENDING] = REPORT_PENDING,
        [PDU_FAILED] = REPORT_FAILED,
    };
    enum report_kind kind = kinds[pdu_status_outcome(pdu->st)];
    struct err err = { .kind = ERR_NONE };
    char id[16];

    snprintf(id, sizeof(id), "%u", (unsigned)pdu->mr);
    if (kind == REPORT_FAILED)
        pdu_status_err(pdu->st, &err);
    line_report(g->line, id, pdu->address.text, kind,
                pdu->timestamp.set ? pdu->timestamp.unix_ms : 0,
                kind == REPORT_FAILED ? &err : NULL,
                slot != NULL ? slot->token : 0);
}

static void receive_bad(struct gsm *g, struct gsm_slot *slot, const char *why)
{
    log_warn("line %s: a PDU cannot be read and is left alone: %s",
             line_name(g->line), why);
    if (slot != NULL)
        slot->use = SLOT_BAD;
}

/* What nobody can read must not fill the SIM either: its owner gets it as it
 * came, and then it is deleted like any other text. */
static void receive_unreadable(struct gsm *g, struct gsm_slot *slot,
                               const unsigned char *bytes, size_t size)
{
    struct digest digest = digest_start();
    struct digest_text id;
    struct buf text;
    struct incoming message = { .kind = KIND_TEXT, .chat = "name:unreadable" };

    digest_add(&digest, bytes, size);
    id = digest_text(&digest);
    buf_init(&text, TEXT_MAX);
    (void)buf_add_text(&text, "[A text that cannot be read:");
    for (size_t i = 0; i < size; i++)
        (void)buf_addf(&text, " %02X", bytes[i]);
    (void)buf_add_char(&text, ']');
    message.text = buf_text(&text);
    message.remote_id = id.text;
    line_received(g->line, &message, 1, slot->token);
    buf_free(&text);
}

void gsm_receive(struct gsm *g, struct gsm_slot *slot,
                 const unsigned char *bytes, size_t size)
{
    struct pdu pdu;
    struct err err;
    struct fragment fragment = { .bytes = bytes, .size = size };

    if (!pdu_decode(bytes, size, &pdu, &err)) {
        if (slot != NULL)
            receive_unreadable(g, slot, bytes, size);
        else
            receive_bad(g, NULL, err.text);
        return;
    }
    fragment.seq = pdu.concat.seq;
    switch (pdu.type) {
    case PDU_STATUS_REPORT:
        receive_report(g, slot, &pdu);
        return;
    case PDU_SUBMIT:
        receive_bad(g, slot, "it is one to be sent");
        return;
    case PDU_DELIVER:
        break;
    }
    if (slot == NULL)
        slot = gsm_slot_add(g, MEMORIES, 0);
    if (slot != NULL)
        receive_text(g, slot, &pdu, &fragment);
    else
        log_error("line %s: too many texts wait to be stored",
                  line_name(g->line));
}
