/* pdu_json.c - every field of a decoded PDU under one stable name. Absent
 * fields have no key. Octets and codes are upper-case hex, times ISO 8601 with
 * the sender's offset. */
#include "sms/pdu_json.h"

#include <json-c/json.h>
#include <stdio.h>

#include "base/buf.h"

enum { TEXT_MAX = 1024 };

static void add(struct json_object *to, const char *key, const char *text)
{
    json_object_object_add(to, key, json_object_new_string(text));
}

static void add_int(struct json_object *to, const char *key, int64_t value)
{
    json_object_object_add(to, key, json_object_new_int64(value));
}

static void add_bool(struct json_object *to, const char *key, bool value)
{
    json_object_object_add(to, key, json_object_new_boolean(value));
}

void pdu_json_hex(struct json_object *to, const char *key,
                  const uint8_t *octets, size_t size)
{
    char hex[PDU_HEX_MAX];

    pdu_to_hex(octets, size, hex);
    add(to, key, hex);
}

static void add_time(struct json_object *to, const char *key,
                     const struct pdu_time *time)
{
    if (time->set)
        add(to, key, pdu_time_text(time).text);
}

static void add_concat(struct json_object *to, const struct pdu *pdu)
{
    struct json_object *concat;

    if (pdu->concat.total == 0)
        return;
    concat = json_object_new_object();
    add_int(concat, "ref", pdu->concat.reference);
    add_int(concat, "total", pdu->concat.total);
    add_int(concat, "seq", pdu->concat.seq);
    add_int(concat, "bits", pdu->concat.wide ? 16 : 8);
    json_object_object_add(to, "concat", concat);
}

static void add_validity(struct json_object *to,
                         const struct pdu_validity *validity)
{
    char text[48];

    switch (validity->form) {
    case PDU_VP_NONE:
        break;
    case PDU_VP_RELATIVE:
        snprintf(text, sizeof text, "rel:%u", validity->relative);
        add(to, "validity", text);
        add_int(to, "validity_minutes",
                pdu_validity_minutes(validity->relative));
        break;
    case PDU_VP_ABSOLUTE:
        snprintf(text, sizeof text, "abs:%s",
                 pdu_time_text(&validity->until).text);
        add(to, "validity", text);
        break;
    case PDU_VP_ENHANCED:
        pdu_json_hex(to, "validity_enhanced", validity->enhanced,
                     sizeof validity->enhanced);
        break;
    }
}

static void add_status(struct json_object *to, const struct pdu *pdu)
{
    static const char *const outcomes[] = {
        [PDU_DELIVERED] = "delivered",
        [PDU_FORWARDED] = "forwarded",
        [PDU_PENDING] = "pending",
        [PDU_FAILED] = "failed",
    };

    if (pdu->type != PDU_STATUS_REPORT)
        return;
    add_time(to, "discharge", &pdu->discharge);
    pdu_json_hex(to, "status", &pdu->st, 1);
    add(to, "outcome", outcomes[pdu_status_outcome(pdu->st)]);
    add(to, "status_text", pdu_status_text(pdu->st));
}

static void add_bits(struct json_object *to, const struct pdu *pdu)
{
    add_bool(to, "reply_path", pdu->reply_path);
    if (pdu->type == PDU_SUBMIT) {
        add_bool(to, "reject_duplicates", pdu->reject_duplicates);
    } else {
        add_bool(to, "more", pdu->more);
        add_bool(to, "loop", pdu->loop);
    }
    if (pdu->type == PDU_STATUS_REPORT)
        add_bool(to, "for_command", pdu->for_command);
    else
        add_bool(to, "report", pdu->report);
}

static void add_coding(struct json_object *to, const struct pdu *pdu)
{
    if (pdu->type != PDU_STATUS_REPORT)
        pdu_json_hex(to, "pid", &pdu->pid, 1);
    if (!pdu->has_dcs)
        return;
    pdu_json_hex(to, "dcs", &pdu->dcs, 1);
    add(to, "alphabet", pdu_alphabet_name(pdu->alphabet));
    if (pdu->class >= 0)
        add_int(to, "class", pdu->class);
    if (pdu->compressed)
        add_bool(to, "compressed", true);
    if (pdu->type == PDU_DELIVER)
        add(to, "purpose", pdu_purpose_name(pdu->purpose));
    if (pdu->replace != 0)
        add_int(to, "replace", pdu->replace);
}

static void add_language(struct json_object *to, const char *key,
                         uint8_t language)
{
    const char *name = gsm7_language(language);

    if (language != 0)
        add(to, key, name != NULL ? name : "unknown");
}

static void add_header(struct json_object *to, const struct pdu *pdu)
{
    if (pdu->udh_size > 0)
        pdu_json_hex(to, "udh", pdu->udh, pdu->udh_size);
    add_concat(to, pdu);
    if (pdu->ports.set) {
        add_int(to, "destination_port", pdu->ports.destination);
        add_int(to, "source_port", pdu->ports.source);
    }
    add_language(to, "locking_shift", pdu->shift.locking);
    add_language(to, "single_shift", pdu->shift.single);
}

static void add_content(struct json_object *to, const struct pdu *pdu)
{
    struct buf text;

    buf_init(&text, TEXT_MAX);
    pdu_text(pdu, &text);
    json_object_object_add(
        to, "text", json_object_new_string_len(buf_text(&text), (int)text.len));
    buf_free(&text);
    if (pdu->alphabet == PDU_8BIT || pdu->compressed)
        pdu_json_hex(to, "data", pdu->data, pdu->size);
}

struct json_object *pdu_json(const struct pdu *pdu, size_t tpdu)
{
    struct json_object *out = json_object_new_object();

    add(out, "type", pdu_type_name(pdu->type));
    add_int(out, "tpdu_len", (int64_t)tpdu);
    add(out, "smsc", pdu->smsc.text);
    add(out, "address", pdu->address.text);
    pdu_json_hex(out, "toa", &pdu->address.toa, 1);
    if (pdu->type != PDU_DELIVER)
        add_int(out, "mr", pdu->mr);
    add_time(out, "timestamp", &pdu->timestamp);
    if (pdu->timestamp.odd || pdu->discharge.odd)
        add_bool(out, "odd_time", true);
    add_status(out, pdu);
    add_coding(out, pdu);
    add_validity(out, &pdu->validity);
    add_bits(out, pdu);
    add_header(out, pdu);
    add_content(out, pdu);
    return out;
}
