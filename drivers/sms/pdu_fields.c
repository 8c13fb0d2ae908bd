/* pdu_fields.c - the cursor, and the fields that several PDUs have: addresses
 * and timestamps (3GPP TS 23.040 9.1.2.5, 9.2.3.11). What phones and networks
 * send there is often odd; it is taken as it comes as long as its length is
 * plausible. */
#include "sms/pdu_fields.h"

#include <string.h>

#include "base/clock.h"

enum { ADDRESS_DIGITS_MAX = 24 }; /* the standard says 20 */

const uint8_t *pdu_take(struct pdu_cursor *in, size_t n, const char *field)
{
    const uint8_t *at = in->at;

    if (n > in->left) {
        err_set(in->err, ERR_PROTOCOL,
                "the PDU ends inside its %s: %zu octets wanted, %zu left",
                field, n, in->left);
        return NULL;
    }
    in->at += n;
    in->left -= n;
    return at;
}

bool pdu_take_octet(struct pdu_cursor *in, uint8_t *out, const char *field)
{
    const uint8_t *at = pdu_take(in, 1, field);

    if (at == NULL)
        return false;
    *out = *at;
    return true;
}

/* Semi-octets, low one first; 0xF is fill wherever it stands. */
static void read_digits(const uint8_t *octets, size_t digits, char *out)
{
    static const char signs[] = "0123456789*#abc";

    for (size_t i = 0; i < digits; i++) {
        unsigned value = octets[i / 2] >> (i % 2 * 4) & 15;

        if (value < 15)
            *out++ = signs[value];
    }
    *out = '\0';
}

/* Semi-octets do not say how many septets a name has: 7 spare bits would
 * read as '@', so only whole septets within them count. */
static void read_name(const uint8_t *octets, size_t digits, char *out,
                      size_t room)
{
    uint8_t septets[ADDRESS_DIGITS_MAX];
    size_t count = gsm7_unpack(septets, sizeof septets, octets,
                               (digits + 1) / 2, 0, digits * 4 / 7);
    struct buf text;

    buf_init(&text, room - 1);
    gsm7_decode(&text, septets, count, (struct gsm7_shift){ 0 });
    memcpy(out, buf_text(&text), text.len + 1);
    buf_free(&text);
}

static void read_address(const uint8_t *octets, size_t digits,
                         struct pdu_address *out)
{
    bool international = (out->toa & 0x70) == 0x10;

    if (pdu_is_name(out)) {
        read_name(octets, digits, out->text, sizeof out->text);
        return;
    }
    read_digits(octets, digits, out->text + (international ? 1 : 0));
    if (international)
        out->text[0] = out->text[1] != '\0' ? '+' : '\0';
}

bool pdu_take_address(struct pdu_cursor *in, struct pdu_address *out,
                      const char *field)
{
    const uint8_t *octets;
    uint8_t digits;

    if (!pdu_take_octet(in, &digits, field) ||
        !pdu_take_octet(in, &out->toa, field))
        return false;
    if (digits > ADDRESS_DIGITS_MAX)
        return err_set(in->err, ERR_PROTOCOL,
                       "the %s says it has %u digits, 20 are allowed", field,
                       digits);
    octets = pdu_take(in, (digits + 1u) / 2, field);
    if (octets == NULL)
        return false;
    read_address(octets, digits, out);
    return true;
}

bool pdu_take_smsc(struct pdu_cursor *in, struct pdu_address *out)
{
    static const char field[] = "SMSC address";
    const uint8_t *octets;
    uint8_t size;

    if (!pdu_take_octet(in, &size, field))
        return false;
    if (size == 0)
        return true;
    if (size > PDU_SMSC_MAX - 1)
        return err_set(in->err, ERR_PROTOCOL,
                       "the SMSC address says it has %u octets, 11 are "
                       "allowed (is this a bare TPDU?)",
                       size);
    if (!pdu_take_octet(in, &out->toa, field))
        return false;
    octets = pdu_take(in, size - 1u, field);
    if (octets == NULL)
        return false;
    read_address(octets, 2 * (size - 1u), out);
    return true;
}

/* Two swapped digits, at most `limit`. */
static int read_pair(uint8_t octet, int limit, bool *odd)
{
    int tens = octet & 15, ones = octet >> 4;
    int value;

    if (tens > 9 || ones > 9) {
        *odd = true;
        tens = tens > 9 ? 9 : tens;
        ones = ones > 9 ? 9 : ones;
    }
    value = 10 * tens + ones;
    if (value <= limit)
        return value;
    *odd = true;
    return limit;
}

/* 9.2.3.11: quarters of an hour; bit 3 is the sign. No place on earth is
 * more than 14 hours away, so more is noise. */
static int read_offset(uint8_t octet, bool *odd)
{
    enum { QUARTERS_MAX = 56 };
    bool noise = false;
    int quarters = read_pair(octet & 0xF7, 99, &noise);

    if (noise || quarters > QUARTERS_MAX) {
        *odd = true;
        return 0;
    }
    return (octet & 8) != 0 ? -15 * quarters : 15 * quarters;
}

bool pdu_take_time(struct pdu_cursor *in, struct pdu_time *out,
                   const char *field)
{
    const uint8_t *at = pdu_take(in, 7, field);
    int year, month, day, hour, minute, second;

    if (at == NULL)
        return false;
    out->set = true;
    year = read_pair(at[0], 99, &out->odd);
    month = read_pair(at[1], 12, &out->odd);
    day = read_pair(at[2], 31, &out->odd);
    hour = read_pair(at[3], 23, &out->odd);
    minute = read_pair(at[4], 59, &out->odd);
    second = read_pair(at[5], 59, &out->odd);
    out->offset = read_offset(at[6], &out->odd);
    if (month == 0 || day == 0)
        out->odd = true;
    out->unix_ms = clock_from_date((year < 90 ? 2000 : 1900) + year, month, day,
                                   hour, minute, second) -
                   (int64_t)out->offset * 60000;
    return true;
}
