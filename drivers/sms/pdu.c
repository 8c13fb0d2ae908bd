/* pdu.c - what decoding, encoding and their users share: names, TP-DCS,
 * validity periods, times as text, hex, and the two questions that a driver
 * asks of encoded octets. Decoding is in pdu_decode.c, encoding in
 * pdu_encode.c, TP-ST in pdu_status.c. */
#include "sms/pdu.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/code.h"
#include "base/utf8.h"
#include "sms/ucs2.h"

enum { MINUTES_A_DAY = 1440, MINUTES_A_WEEK = 10080 };

const char *pdu_type_name(enum pdu_type type)
{
    static const char *const names[] = {
        [PDU_DELIVER] = "DELIVER",
        [PDU_SUBMIT] = "SUBMIT",
        [PDU_STATUS_REPORT] = "STATUS-REPORT",
    };

    return names[type];
}

const char *pdu_alphabet_name(enum pdu_alphabet alphabet)
{
    static const char *const names[] = {
        [PDU_GSM7] = "gsm7",
        [PDU_8BIT] = "8bit",
        [PDU_UCS2] = "ucs2",
    };

    return names[alphabet];
}

const char *pdu_purpose_name(enum pdu_purpose purpose)
{
    static const char *const names[] = {
        [PDU_TEXT] = "text",         [PDU_SILENT] = "silent",
        [PDU_SIM_DATA] = "sim-data", [PDU_MMS_NOTICE] = "mms-notice",
        [PDU_WAP_PUSH] = "wap-push", [PDU_DATA] = "data",
        [PDU_WAITING] = "waiting",
    };

    return names[purpose];
}

bool pdu_is_name(const struct pdu_address *address)
{
    return (address->toa & 0x70) == 0x50;
}

/* TS 23.038 4. Reserved groups and the reserved alphabet are GSM 7-bit. */
void pdu_set_dcs(struct pdu *pdu, uint8_t dcs)
{
    static const enum pdu_alphabet general[4] = { PDU_GSM7, PDU_8BIT, PDU_UCS2,
                                                  PDU_GSM7 };
    unsigned group = dcs >> 4;

    pdu->dcs = dcs;
    pdu->has_dcs = true;
    pdu->alphabet = PDU_GSM7;
    pdu->class = -1;
    pdu->compressed = false;
    if (group < 8) {
        pdu->alphabet = general[dcs >> 2 & 3];
        pdu->compressed = (dcs & 0x20) != 0;
        if ((dcs & 0x10) != 0)
            pdu->class = dcs & 3;
    } else if (group == 0xE) {
        pdu->alphabet = PDU_UCS2;
    } else if (group == 0xF) {
        pdu->alphabet = (dcs & 4) != 0 ? PDU_8BIT : PDU_GSM7;
        pdu->class = dcs & 3;
    }
}

uint8_t pdu_dcs(enum pdu_alphabet alphabet, int class)
{
    uint8_t dcs = (uint8_t)(alphabet << 2);

    assert(class >= -1 && class <= 3);
    return class < 0 ? dcs : (uint8_t)(dcs | 0x10 | class);
}

long pdu_validity_minutes(uint8_t octet)
{
    if (octet <= 143)
        return (octet + 1) * 5L;
    if (octet <= 167)
        return 12 * 60L + (octet - 143) * 30L;
    if (octet <= 196)
        return (octet - 166) * (long)MINUTES_A_DAY;
    return (octet - 192) * (long)MINUTES_A_WEEK;
}

uint8_t pdu_validity_octet(long minutes)
{
    uint8_t octet = 0;

    while (octet < 255 && pdu_validity_minutes(octet) < minutes)
        octet++;
    return octet;
}

struct pdu_time_text pdu_time_text(const struct pdu_time *time)
{
    int64_t shift = (int64_t)time->offset * 60000;
    struct clock_text local = clock_iso(time->unix_ms + shift);
    unsigned east = (unsigned)abs(time->offset);
    struct pdu_time_text out;

    snprintf(out.text, sizeof out.text, "%.19s%c%02u:%02u", local.text,
             time->offset < 0 ? '-' : '+', east / 60 % 100, east % 60);
    return out;
}

bool pdu_is_readable(const struct pdu *pdu)
{
    const char *text = (const char *)pdu->data;

    if (pdu->compressed)
        return false;
    if (pdu->alphabet != PDU_8BIT)
        return true;
    if (pdu->ports.set || pdu->size == 0)
        return false;
    for (size_t i = 0; i < pdu->size; i++) {
        if (pdu->data[i] == 0x7F ||
            (pdu->data[i] < 0x20 && strchr("\t\r\n", text[i]) == NULL) ||
            pdu->data[i] == 0)
            return false;
    }
    return utf8_valid(text, pdu->size);
}

bool pdu_text(const struct pdu *pdu, struct buf *out)
{
    if (!pdu_is_readable(pdu))
        return true;
    switch (pdu->alphabet) {
    case PDU_GSM7:
        return gsm7_decode(out, pdu->data, pdu->size, pdu->shift);
    case PDU_UCS2:
        return ucs2_decode(out, pdu->data, pdu->size);
    case PDU_8BIT:
        return buf_add(out, pdu->data, pdu->size);
    }
    return true;
}

size_t pdu_tpdu_size(const uint8_t *bytes, size_t size)
{
    if (size == 0 || (size_t)bytes[0] + 1 > size)
        return 0;
    return size - bytes[0] - 1;
}

void pdu_mark_repeat(uint8_t *bytes, size_t size)
{
    size_t tpdu = pdu_tpdu_size(bytes, size);

    if (tpdu > 0 && (bytes[size - tpdu] & 3) == 1)
        bytes[size - tpdu] |= 0x04;
}

bool pdu_from_hex(const char *hex, uint8_t *out, size_t max, size_t *size,
                  struct err *err)
{
    size_t digits = 0;

    for (; *hex != '\0'; hex++) {
        int value = code_hex_digit(*hex);

        if (*hex == ' ' || (*hex >= '\t' && *hex <= '\r'))
            continue;
        if (value < 0)
            return err_set(err, ERR_PROTOCOL,
                           "not hexadecimal after %zu digits", digits);
        if (digits / 2 >= max)
            return err_set(err, ERR_PROTOCOL, "more than %zu octets", max);
        if (digits % 2 == 0)
            out[digits / 2] = (uint8_t)(value << 4);
        else
            out[digits / 2] |= (uint8_t)value;
        digits++;
    }
    if (digits % 2 != 0)
        return err_set(err, ERR_PROTOCOL, "an odd number of hex digits (%zu)",
                       digits);
    *size = digits / 2;
    return true;
}

void pdu_to_hex(const uint8_t *bytes, size_t size, char *out)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < size; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}
