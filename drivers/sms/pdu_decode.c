/* pdu_decode.c - octets to struct pdu (3GPP TS 23.040 9.2).
 *
 * Everything is read through one cursor, which knows what is left; a field
 * that does not fit is an error that names it. Modems and networks send a lot
 * that the standard does not know (odd dates, hex digits in numbers, broken
 * headers): what does not make the text unreadable is taken as it comes, for a
 * refused message would wait at the modem for ever. */
#include <string.h>

#include "sms/pdu.h"
#include "sms/pdu_fields.h"

enum { USER_DATA_MAX = 140 };

static void read_concat(struct pdu *pdu, const uint8_t *at, bool wide)
{
    struct pdu_concat concat = {
        .reference = wide ? (uint16_t)(at[0] << 8 | at[1]) : at[0],
        .wide = wide,
        .total = at[wide ? 2 : 1],
        .seq = at[wide ? 3 : 2],
    };

    if (concat.seq >= 1 && concat.seq <= concat.total)
        pdu->concat = concat;
}

static void read_concat8(struct pdu *pdu, const uint8_t *at)
{
    read_concat(pdu, at, false);
}

static void read_concat16(struct pdu *pdu, const uint8_t *at)
{
    read_concat(pdu, at, true);
}

static void read_ports8(struct pdu *pdu, const uint8_t *at)
{
    pdu->ports = (struct pdu_ports){ true, at[0], at[1] };
}

static void read_ports16(struct pdu *pdu, const uint8_t *at)
{
    pdu->ports = (struct pdu_ports){ true, (uint16_t)(at[0] << 8 | at[1]),
                                     (uint16_t)(at[2] << 8 | at[3]) };
}

/* Bits 1 and 0 say what waits; those above, of which kind "other" is and
 * whether the message is to be kept, change nothing for us. */
static void read_waiting(struct pdu *pdu, const uint8_t *at)
{
    pdu->waiting.set[at[0] & 3] = true;
    pdu->waiting.count[at[0] & 3] = at[1];
}

static void read_single(struct pdu *pdu, const uint8_t *at)
{
    pdu->shift.single = at[0];
}

static void read_locking(struct pdu *pdu, const uint8_t *at)
{
    pdu->shift.locking = at[0];
}

/* The information elements we know, 9.2.3.24. */
static const struct element {
    uint8_t id, size;
    void (*read)(struct pdu *pdu, const uint8_t *at);
} elements[] = {
    { 0x00, 3, read_concat8 }, { 0x08, 4, read_concat16 },
    { 0x04, 2, read_ports8 },  { 0x05, 4, read_ports16 },
    { 0x24, 1, read_single },  { 0x25, 1, read_locking },
    { 0x01, 2, read_waiting },
};

/* Unknown ones and those of a wrong size are skipped; of repeated ones the
 * last wins; a cut one ends the list. */
static void read_elements(struct pdu *pdu)
{
    struct pdu_cursor in = { pdu->udh + 1, pdu->udh_size - 1, NULL };
    const uint8_t *at;
    uint8_t id, size;

    while (in.left >= 2) {
        pdu_take_octet(&in, &id, "");
        pdu_take_octet(&in, &size, "");
        at = pdu_take(&in, size, "");
        if (at == NULL)
            return;
        for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++) {
            if (elements[i].id == id && elements[i].size == size)
                elements[i].read(pdu, at);
        }
    }
}

/* A header longer than the user data is no header: all octets are data. */
static void read_header(struct pdu *pdu, const uint8_t *octets, size_t size)
{
    if (size == 0 || (size_t)octets[0] + 1 > size)
        return;
    pdu->udh_size = octets[0] + 1u;
    memcpy(pdu->udh, octets, pdu->udh_size);
    read_elements(pdu);
}

static void read_data(struct pdu *pdu, const uint8_t *octets, size_t size,
                      size_t length)
{
    size_t skip = (8 * pdu->udh_size + 6) / 7;
    unsigned fill = (unsigned)(7 * skip - 8 * pdu->udh_size);

    octets += pdu->udh_size;
    size -= pdu->udh_size;
    if (pdu->alphabet != PDU_GSM7 || pdu->compressed) {
        memcpy(pdu->data, octets, size);
        pdu->size = size;
        return;
    }
    pdu->size = gsm7_unpack(pdu->data, sizeof pdu->data, octets, size, fill,
                            length > skip ? length - skip : 0);
}

/* TP-UDL and TP-UD, 9.2.3.16 and 9.2.3.24. */
static bool take_user_data(struct pdu_cursor *in, bool header, struct pdu *pdu)
{
    bool septets = pdu->alphabet == PDU_GSM7 && !pdu->compressed;
    const uint8_t *octets;
    uint8_t length;
    size_t size;

    if (!pdu_take_octet(in, &length, "user data length"))
        return false;
    size = septets ? (7u * length + 7) / 8 : length;
    if (size > USER_DATA_MAX)
        return err_set(in->err, ERR_PROTOCOL,
                       "the user data says it has %zu octets, %d are allowed",
                       size, (int)USER_DATA_MAX);
    if (header && length == 0)
        return err_set(in->err, ERR_PROTOCOL,
                       "a user data header is announced, but the user data "
                       "is empty");
    octets = pdu_take(in, size, "user data");
    if (octets == NULL)
        return false;
    if (header)
        read_header(pdu, octets, size);
    read_data(pdu, octets, size, length);
    return true;
}

static bool take_dcs(struct pdu_cursor *in, struct pdu *pdu)
{
    uint8_t dcs;

    if (!pdu_take_octet(in, &dcs, "data coding scheme"))
        return false;
    pdu_set_dcs(pdu, dcs);
    return true;
}

/* 9.2.2.1 */
static bool decode_deliver(struct pdu_cursor *in, uint8_t first,
                           struct pdu *pdu)
{
    pdu->more = (first & 0x04) == 0;
    pdu->loop = (first & 0x08) != 0;
    pdu->report = (first & 0x20) != 0;
    pdu->reply_path = (first & 0x80) != 0;
    return pdu_take_address(in, &pdu->address, "originating address") &&
           pdu_take_octet(in, &pdu->pid, "protocol identifier") &&
           take_dcs(in, pdu) &&
           pdu_take_time(in, &pdu->timestamp, "timestamp") &&
           take_user_data(in, (first & 0x40) != 0, pdu);
}

/* 9.2.3.12 */
static bool take_validity(struct pdu_cursor *in, struct pdu_validity *out)
{
    static const char field[] = "validity period";
    const uint8_t *at;

    switch (out->form) {
    case PDU_VP_NONE:
        return true;
    case PDU_VP_RELATIVE:
        return pdu_take_octet(in, &out->relative, field);
    case PDU_VP_ABSOLUTE:
        return pdu_take_time(in, &out->until, field);
    case PDU_VP_ENHANCED:
        break;
    }
    at = pdu_take(in, sizeof out->enhanced, field);
    if (at == NULL)
        return false;
    memcpy(out->enhanced, at, sizeof out->enhanced);
    return true;
}

/* 9.2.2.2 */
static bool decode_submit(struct pdu_cursor *in, uint8_t first, struct pdu *pdu)
{
    pdu->reject_duplicates = (first & 0x04) != 0;
    pdu->validity.form = (enum pdu_validity_form)(first >> 3 & 3);
    pdu->report = (first & 0x20) != 0;
    pdu->reply_path = (first & 0x80) != 0;
    return pdu_take_octet(in, &pdu->mr, "message reference") &&
           pdu_take_address(in, &pdu->address, "destination address") &&
           pdu_take_octet(in, &pdu->pid, "protocol identifier") &&
           take_dcs(in, pdu) && take_validity(in, &pdu->validity) &&
           take_user_data(in, (first & 0x40) != 0, pdu);
}

/* TP-PI and what it announces, 9.2.3.27. Modems cut it anywhere, and nothing
 * of it is needed, so it is read as far as it goes. */
static void read_options(struct pdu_cursor *in, uint8_t first, struct pdu *pdu)
{
    uint8_t present, more;

    if (!pdu_take_octet(in, &present, ""))
        return;
    for (more = present; (more & 0x80) != 0;) {
        if (!pdu_take_octet(in, &more, ""))
            return;
    }
    if ((present & 1) != 0 && !pdu_take_octet(in, &pdu->pid, ""))
        return;
    if ((present & 2) != 0 && !take_dcs(in, pdu))
        return;
    if ((present & 4) != 0)
        take_user_data(in, (first & 0x40) != 0, pdu);
}

/* 9.2.2.3 */
static bool decode_report(struct pdu_cursor *in, uint8_t first, struct pdu *pdu)
{
    pdu->more = (first & 0x04) == 0;
    pdu->loop = (first & 0x08) != 0;
    pdu->for_command = (first & 0x20) != 0;
    if (!pdu_take_octet(in, &pdu->mr, "message reference") ||
        !pdu_take_address(in, &pdu->address, "recipient address") ||
        !pdu_take_time(in, &pdu->timestamp, "timestamp") ||
        !pdu_take_time(in, &pdu->discharge, "discharge time") ||
        !pdu_take_octet(in, &pdu->st, "status"))
        return false;
    in->err = NULL;
    read_options(in, first, pdu);
    return true;
}

/* An MMS notification begins with transaction id, PDU type, header length,
 * and its content type, as a text or as the number 0x3E (WAP-230 8.2). */
static bool is_mms(const struct pdu *pdu)
{
    static const char type[] = "application/vnd.wap.mms-message";

    if (pdu->concat.seq > 1)
        return true;
    return (pdu->size > 3 && pdu->data[3] == 0xBE) ||
           memmem(pdu->data, pdu->size, type, sizeof type - 1) != NULL;
}

/* The coding says that something waits, but not how much; a header that counts
 * it knows better. */
static void find_waiting(struct pdu *pdu)
{
    struct pdu_waiting *waiting = &pdu->waiting;
    unsigned type = pdu->dcs & 3, group = pdu->dcs >> 4;

    if (group < 0xC || group > 0xE || waiting->set[type])
        return;
    waiting->set[type] = true;
    waiting->count[type] = (pdu->dcs & 8) != 0 ? -1 : 0;
}

static bool is_waiting(const struct pdu *pdu)
{
    for (size_t i = 0; i < PDU_WAITS; i++)
        if (pdu->waiting.set[i])
            return true;
    return false;
}

static enum pdu_purpose find_purpose(const struct pdu *pdu)
{
    enum { PID_SILENT = 0x40, PID_ANSI136 = 0x7C, PID_SIM = 0x7F };

    if (pdu->pid == PID_SILENT)
        return PDU_SILENT;
    if ((pdu->pid == PID_SIM || pdu->pid == PID_ANSI136) &&
        (pdu->class == 2 || pdu->alphabet == PDU_8BIT))
        return PDU_SIM_DATA;
    if (pdu->ports.set && pdu->ports.destination == PDU_PORT_WAP_PUSH)
        return is_mms(pdu) ? PDU_MMS_NOTICE : PDU_WAP_PUSH;
    if (!pdu_is_readable(pdu) && pdu->class == 2 && !pdu->ports.set)
        return PDU_SIM_DATA;
    if (is_waiting(pdu))
        return PDU_WAITING;
    return pdu_is_readable(pdu) ? PDU_TEXT : PDU_DATA;
}

static bool decode(struct pdu_cursor *in, struct pdu *pdu)
{
    static bool (*const decoders[])(
        struct pdu_cursor *, uint8_t,
        struct pdu *) = { decode_deliver, decode_submit, decode_report };
    uint8_t first;

    pdu->class = -1;
    if (!pdu_take_octet(in, &first, "first octet"))
        return false;
    if ((first & 3) == 3)
        return err_set(in->err, ERR_PROTOCOL,
                       "message type 3 is reserved (first octet %02X)", first);
    pdu->type = (enum pdu_type)(first & 3);
    if (!decoders[pdu->type](in, first, pdu))
        return false;
    if (pdu->type != PDU_DELIVER)
        return true;
    find_waiting(pdu);
    pdu->purpose = find_purpose(pdu);
    pdu->return_call = pdu->pid == 0x5F;
    if (pdu->pid >= 0x41 && pdu->pid <= 0x47)
        pdu->replace = pdu->pid & 7;
    return true;
}

bool pdu_decode(const uint8_t *bytes, size_t size, struct pdu *pdu,
                struct err *err)
{
    struct pdu_cursor in = { bytes, size, err };
    struct pdu out = { 0 };

    if (!pdu_take_smsc(&in, &out.smsc) || !decode(&in, &out))
        return false;
    *pdu = out;
    return true;
}

bool pdu_decode_tpdu(const uint8_t *bytes, size_t size, struct pdu *pdu,
                     struct err *err)
{
    struct pdu_cursor in = { bytes, size, err };
    struct pdu out = { 0 };

    if (!decode(&in, &out))
        return false;
    *pdu = out;
    return true;
}
