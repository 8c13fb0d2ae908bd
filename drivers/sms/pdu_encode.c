/* pdu_encode.c - struct pdu to octets (3GPP TS 23.040 9.2.2.1, 9.2.2.2). The
 * fields have fixed ceilings whose sum is below PDU_MAX, so writing cannot
 * fail; what can is checked before: addresses and the size of user data. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sms/pdu.h"

enum { NAME_SEPTETS_MAX = 11, DIGITS_MAX = 20, USER_DATA_MAX = 140 };

static void put(struct pdu_bytes *out, unsigned octet)
{
    assert(out->size < sizeof out->bytes);
    out->bytes[out->size++] = (uint8_t)octet;
}

static void put_all(struct pdu_bytes *out, const uint8_t *octets, size_t size)
{
    for (size_t i = 0; i < size; i++)
        put(out, octets[i]);
}

static bool is_number(const char *text, size_t *digits)
{
    size_t n = strspn(text, "0123456789*#abc");

    *digits = n;
    return n > 0 && text[n] == '\0' && strpbrk(text, "0123456789*#") != NULL;
}

bool pdu_set_address(struct pdu_address *address, const char *text,
                     struct err *err)
{
    struct pdu_address out = { .toa = 0x81 };
    uint8_t septets[NAME_SEPTETS_MAX];
    bool plus = text[0] == '+';
    size_t n = strlen(text);

    if (n >= sizeof out.text)
        return err_set(err, ERR_BAD_ADDRESS, "the address is too long");
    memcpy(out.text, text, n + 1);
    if (n == 0) {
        out.toa = 0;
    } else if (is_number(text + (plus ? 1 : 0), &n)) {
        out.toa = plus ? 0x91 : 0x81;
        if (n > DIGITS_MAX)
            return err_set(err, ERR_BAD_ADDRESS,
                           "a number has at most %d digits, this one has %zu",
                           (int)DIGITS_MAX, n);
    } else {
        out.toa = 0xD0;
        if (!gsm7_encode(text, strlen(text), septets, sizeof septets, &n))
            return err_set(err, ERR_BAD_ADDRESS,
                           "neither a number nor a name of at most %d "
                           "characters of the GSM alphabet",
                           (int)NAME_SEPTETS_MAX);
    }
    *address = out;
    return true;
}

bool pdu_init_submit(struct pdu *pdu, const char *to, struct err *err)
{
    struct pdu_address address;

    if (!pdu_set_address(&address, to, err))
        return false;
    if (address.text[0] == '\0')
        return err_set(err, ERR_BAD_ADDRESS, "there is no recipient");
    if (pdu_is_name(&address))
        return err_set(err, ERR_BAD_ADDRESS,
                       "a sender name cannot be sent to, only a number");
    memset(pdu, 0, sizeof *pdu);
    pdu->type = PDU_SUBMIT;
    pdu->address = address;
    pdu->class = -1;
    pdu_set_dcs(pdu, pdu_dcs(PDU_GSM7, -1));
    return true;
}

static unsigned digit_value(char c)
{
    static const char signs[] = "0123456789*#abc";
    const char *at = strchr(signs, c);

    return at != NULL ? (unsigned)(at - signs) : 15;
}

/* Swapped semi-octets with fill; returns the digits. */
static size_t pack_digits(const char *text, uint8_t *out)
{
    size_t n = 0;

    if (*text == '+')
        text++;
    for (; text[n] != '\0'; n++) {
        if (n % 2 == 0)
            out[n / 2] = (uint8_t)(0xF0 | digit_value(text[n]));
        else
            out[n / 2] =
                (uint8_t)((out[n / 2] & 0x0F) | digit_value(text[n]) << 4);
    }
    return n;
}

/* Value octets of an address into out (32 octets), and its length in digits
 * (of a name: used semi-octets). */
static bool pack_address(const struct pdu_address *address, uint8_t *out,
                         size_t *digits, struct err *err)
{
    uint8_t septets[NAME_SEPTETS_MAX];
    size_t n;

    if (!pdu_is_name(address)) {
        *digits = pack_digits(address->text, out);
        return true;
    }
    if (!gsm7_encode(address->text, strlen(address->text), septets,
                     sizeof septets, &n))
        return err_set(err, ERR_BAD_ADDRESS, "not a name of a sender: %s",
                       address->text);
    gsm7_pack(out, 32, 0, septets, n);
    *digits = (7 * n + 3) / 4;
    return true;
}

static bool put_address(struct pdu_bytes *out,
                        const struct pdu_address *address, struct err *err)
{
    uint8_t octets[32];
    size_t digits;

    if (!pack_address(address, octets, &digits, err))
        return false;
    if (digits > DIGITS_MAX)
        return err_set(err, ERR_BAD_ADDRESS, "the address is too long");
    put(out, (unsigned)digits);
    put(out, address->toa != 0 ? address->toa : 0x81);
    put_all(out, octets, (digits + 1) / 2);
    return true;
}

static bool put_smsc(struct pdu_bytes *out, const struct pdu_address *smsc,
                     struct err *err)
{
    uint8_t octets[32];
    size_t digits;

    if (smsc->text[0] == '\0') {
        put(out, 0);
        return true;
    }
    if (!pack_address(smsc, octets, &digits, err))
        return false;
    if (digits > DIGITS_MAX)
        return err_set(err, ERR_BAD_ADDRESS, "the SMSC address is too long");
    put(out, (unsigned)((digits + 1) / 2 + 1));
    put(out, smsc->toa);
    put_all(out, octets, (digits + 1) / 2);
    return true;
}

static unsigned swapped(unsigned value)
{
    return value % 10 << 4 | value / 10 % 10;
}

static void put_time(struct pdu_bytes *out, const struct pdu_time *time)
{
    /* Where the two digits of each field stand in YYYY-MM-DDThh:mm:ss. */
    static const uint8_t places[] = { 2, 5, 8, 11, 14, 17 };
    struct pdu_time_text text = pdu_time_text(time);
    unsigned quarters = (unsigned)abs(time->offset) / 15;

    for (size_t i = 0; i < sizeof places; i++) {
        const char *at = text.text + places[i];

        put(out, (unsigned)(at[1] - '0') << 4 | (unsigned)(at[0] - '0'));
    }
    put(out, swapped(quarters) | (time->offset < 0 ? 8 : 0));
}

static void put_validity(struct pdu_bytes *out,
                         const struct pdu_validity *validity)
{
    switch (validity->form) {
    case PDU_VP_NONE:
        break;
    case PDU_VP_ENHANCED:
        put_all(out, validity->enhanced, sizeof validity->enhanced);
        break;
    case PDU_VP_RELATIVE:
        put(out, validity->relative);
        break;
    case PDU_VP_ABSOLUTE:
        put_time(out, &validity->until);
        break;
    }
}

static bool put_user_data(struct pdu_bytes *out, const struct pdu *pdu,
                          struct err *err)
{
    bool septets = pdu->alphabet == PDU_GSM7 && !pdu->compressed;
    size_t skip = (8 * pdu->udh_size + 6) / 7;
    unsigned fill = (unsigned)(7 * skip - 8 * pdu->udh_size);
    uint8_t data[GSM7_SEPTETS_MAX];
    size_t length = septets ? skip + pdu->size : pdu->udh_size + pdu->size;
    size_t size = pdu->size;

    if (septets) {
        size = gsm7_pack(data, sizeof data, fill, pdu->data, pdu->size);
    } else {
        memcpy(data, pdu->data, size);
    }
    if (pdu->udh_size + size > USER_DATA_MAX)
        return err_set(err, ERR_TOO_LONG,
                       "the user data has %zu octets, the limit is %d",
                       pdu->udh_size + size, (int)USER_DATA_MAX);
    put(out, (unsigned)length);
    put_all(out, pdu->udh, pdu->udh_size);
    put_all(out, data, size);
    return true;
}

static bool put_deliver(struct pdu_bytes *out, const struct pdu *pdu,
                        struct err *err)
{
    put(out, (pdu->more ? 0 : 0x04) | (pdu->loop ? 0x08 : 0) |
                 (pdu->report ? 0x20 : 0) | (pdu->udh_size > 0 ? 0x40 : 0) |
                 (pdu->reply_path ? 0x80 : 0));
    if (!put_address(out, &pdu->address, err))
        return false;
    put(out, pdu->pid);
    put(out, pdu->dcs);
    put_time(out, &pdu->timestamp);
    return put_user_data(out, pdu, err);
}

static bool put_submit(struct pdu_bytes *out, const struct pdu *pdu,
                       struct err *err)
{
    put(out, 0x01 | (pdu->reject_duplicates ? 0x04 : 0) |
                 (unsigned)pdu->validity.form << 3 | (pdu->report ? 0x20 : 0) |
                 (pdu->udh_size > 0 ? 0x40 : 0) | (pdu->reply_path ? 0x80 : 0));
    put(out, pdu->mr);
    if (!put_address(out, &pdu->address, err))
        return false;
    put(out, pdu->pid);
    put(out, pdu->dcs);
    put_validity(out, &pdu->validity);
    return put_user_data(out, pdu, err);
}

bool pdu_encode(const struct pdu *pdu, struct pdu_bytes *out, struct err *err)
{
    struct pdu_bytes bytes = { .size = 0 };
    size_t smsc;

    assert(pdu->type == PDU_SUBMIT || pdu->type == PDU_DELIVER);
    assert(pdu->udh_size <= sizeof pdu->udh && pdu->size <= sizeof pdu->data);
    if (!put_smsc(&bytes, &pdu->smsc, err))
        return false;
    smsc = bytes.size;
    if (!(pdu->type == PDU_SUBMIT ? put_submit : put_deliver)(&bytes, pdu, err))
        return false;
    bytes.tpdu = bytes.size - smsc;
    *out = bytes;
    return true;
}
