/* mms.c - reads what an MMS notice tells about the message.
 *
 * Every value is skipped by the general rule of WSP 8.4.1.2 first (its first
 * octet tells its length), so an unknown or broken header cannot lead astray
 * further than the end of the octets. */
#include "sms/mms.h"

#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "sms/ucs2.h"

enum {
    WSP_PUSH = 0x06,
    WSP_LENGTH_QUOTE = 31,
    WSP_MMS_TYPE = 0xBE, /* application/vnd.wap.mms-message */
    MMS_TYPE = 0x8C,
    MMS_NOTIFICATION = 0x82,
    /* IANA MIBenum of the character sets that are met. */
    MIB_LATIN1 = 4,
    MIB_UCS2 = 1000,
    MIB_UTF16BE = 1013,
    MIB_UTF16 = 1015,
};

struct octets {
    const uint8_t *at;
    size_t left;
};

static bool take(struct octets *in, size_t n, struct octets *out)
{
    if (n > in->left)
        return false;
    *out = (struct octets){ in->at, n };
    in->at += n;
    in->left -= n;
    return true;
}

static bool take_octet(struct octets *in, uint8_t *out)
{
    struct octets one;

    if (!take(in, 1, &one))
        return false;
    *out = one.at[0];
    return true;
}

/* 8.1.2: seven bits an octet, the highest says that more follow. */
static bool take_uintvar(struct octets *in, uint32_t *out)
{
    uint32_t value = 0;
    uint8_t octet;

    for (int i = 0; i < 5; i++) {
        if (!take_octet(in, &octet))
            return false;
        value = value << 7 | (octet & 0x7F);
        if ((octet & 0x80) == 0) {
            *out = value;
            return true;
        }
    }
    return false;
}

/* A text runs to its NUL, or to the end of what was cut. */
static void take_text(struct octets *in, struct octets *out)
{
    const uint8_t *end = in->left > 0 ? memchr(in->at, 0, in->left) : NULL;
    size_t size = end != NULL ? (size_t)(end - in->at) : in->left;

    (void)take(in, size, out);
    if (end != NULL) {
        in->at++;
        in->left--;
    }
}

enum form { FORM_LENGTH, FORM_TEXT, FORM_SHORT };

struct value {
    enum form form;
    struct octets octets; /* of FORM_SHORT: the octet itself */
};

/* 8.4.1.2. What was cut is taken as far as it goes. */
static bool take_value(struct octets *in, struct value *out)
{
    uint32_t length;
    uint8_t first;

    if (in->left == 0)
        return false;
    first = in->at[0];
    if (first >= 0x80) {
        out->form = FORM_SHORT;
        return take(in, 1, &out->octets);
    }
    if (first > WSP_LENGTH_QUOTE) {
        out->form = FORM_TEXT;
        take_text(in, &out->octets);
        return true;
    }
    out->form = FORM_LENGTH;
    (void)take_octet(in, &first);
    length = first;
    if (first == WSP_LENGTH_QUOTE && !take_uintvar(in, &length))
        return false;
    return take(in, length < in->left ? length : in->left, &out->octets);
}

/* Big-endian; more than four octets are no size and no time of ours. */
static uint32_t number(struct octets octets)
{
    uint32_t value = 0;

    if (octets.left > 4)
        return UINT32_MAX;
    for (size_t i = 0; i < octets.left; i++)
        value = value << 8 | octets.at[i];
    return value;
}

/* A short integer has the highest bit set, a long one its length in front. */
static bool take_integer(struct octets *in, uint32_t *out)
{
    struct value value;

    if (!take_value(in, &value) || value.form == FORM_TEXT)
        return false;
    *out = value.form == FORM_SHORT ? value.octets.at[0] & 0x7Fu
                                    : number(value.octets);
    return true;
}

/* One line of at most size - 1 octets, cut between code points. */
static void put_line(const struct buf *text, char *out, size_t size)
{
    const char *from = buf_text(text);
    size_t n = 0;

    for (size_t pos = 0; pos < text->len;) {
        uint32_t cp = utf8_next(from, text->len, &pos);
        char bytes[4];
        size_t wide;

        if (cp < 0x20 || cp == 0x7F)
            cp = ' ';
        wide = utf8_put(bytes, cp);
        if (n + wide >= size)
            break;
        memcpy(out + n, bytes, wide);
        n += wide;
    }
    out[n] = '\0';
}

static void decode_charset(uint32_t charset, struct octets text,
                           struct buf *out)
{
    char bytes[4];

    if (charset == MIB_UCS2 || charset == MIB_UTF16 || charset == MIB_UTF16BE) {
        (void)ucs2_decode(out, text.at, text.left);
    } else if (charset == MIB_LATIN1) {
        for (size_t i = 0; i < text.left; i++)
            (void)buf_add(out, bytes, utf8_put(bytes, text.at[i]));
    } else {
        (void)buf_add(out, text.at, text.left);
    }
}

/* Encoded-string-value (OMA MMS_ENC 7.3.9): a text, or a length, a character
 * set and a text. A text that would begin with a high octet is quoted. */
static void read_string(struct octets in, enum form form, char *out,
                        size_t size)
{
    struct octets rest = in, text;
    struct buf raw, clean;
    uint32_t charset = 0;

    if (form == FORM_LENGTH && !take_integer(&rest, &charset))
        return;
    if (rest.left > 0 && (rest.at[0] == 0x7F || rest.at[0] == '"'))
        (void)take(&rest, 1, &text);
    if (charset < MIB_UCS2)
        take_text(&rest, &text);
    else
        text = rest;
    buf_init(&raw, 4096);
    buf_init(&clean, 4096);
    decode_charset(charset, text, &raw);
    while (raw.len > 0 && raw.data[raw.len - 1] == '\0')
        raw.len--;
    (void)utf8_clean(&clean, buf_text(&raw), raw.len);
    put_line(&clean, out, size);
    buf_free(&raw);
    buf_free(&clean);
}

static void read_subject(const struct value *value, struct mms_notice *out)
{
    if (value->form != FORM_SHORT)
        read_string(value->octets, value->form, out->subject,
                    sizeof(out->subject));
}

/* Address-present-token and an address like +4477009/TYPE=PLMN. */
static void read_from(const struct value *value, struct mms_notice *out)
{
    enum { PRESENT = 0x80 };
    struct octets in = value->octets;
    struct value address;
    char *type;
    uint8_t token;

    if (value->form != FORM_LENGTH || !take_octet(&in, &token) ||
        token != PRESENT || !take_value(&in, &address) ||
        address.form == FORM_SHORT)
        return;
    read_string(address.octets, address.form, out->from, sizeof(out->from));
    type = strstr(out->from, "/TYPE=");
    if (type != NULL)
        *type = '\0';
}

static void read_size(const struct value *value, struct mms_notice *out)
{
    if (value->form == FORM_LENGTH)
        out->size = number(value->octets);
}

static void read_expiry(const struct value *value, struct mms_notice *out)
{
    enum { ABSOLUTE = 0x80, RELATIVE = 0x81 };
    struct octets in = value->octets;
    uint32_t when;
    uint8_t token;

    if (value->form != FORM_LENGTH || !take_octet(&in, &token) ||
        !take_integer(&in, &when) || when == UINT32_MAX)
        return;
    if (token == ABSOLUTE)
        out->expires = when;
    else if (token == RELATIVE)
        out->expires_in = when;
}

static const struct {
    uint8_t field;
    void (*read)(const struct value *value, struct mms_notice *out);
} fields[] = {
    { 0x88, read_expiry },
    { 0x89, read_from },
    { 0x8E, read_size },
    { 0x96, read_subject },
};

static void read_fields(struct octets in, struct mms_notice *out)
{
    struct value value;
    uint8_t field;

    while (take_octet(&in, &field) && take_value(&in, &value))
        for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
            if (fields[i].field == field)
                fields[i].read(&value, out);
}

/* Content type, as a number, a text, or either with parameters (8.4.2.24). */
static bool is_mms_type(struct octets headers)
{
    static const char name[] = "application/vnd.wap.mms-message";
    struct value type;
    struct octets inner;

    if (!take_value(&headers, &type))
        return false;
    if (type.form == FORM_SHORT)
        return type.octets.at[0] == WSP_MMS_TYPE;
    if (type.form == FORM_LENGTH) {
        inner = type.octets;
        return inner.left > 0 && inner.at[0] > WSP_LENGTH_QUOTE &&
               is_mms_type(inner);
    }
    return type.octets.left == strlen(name) &&
           memcmp(type.octets.at, name, strlen(name)) == 0;
}

bool mms_notice_decode(const uint8_t *bytes, size_t size,
                       struct mms_notice *out)
{
    struct octets in = { bytes, size }, headers;
    struct mms_notice found = { .size = 0 };
    uint8_t transaction, type;
    uint32_t length;

    if (!take_octet(&in, &transaction) || !take_octet(&in, &type) ||
        type != WSP_PUSH || !take_uintvar(&in, &length) ||
        !take(&in, length < in.left ? length : in.left, &headers) ||
        !is_mms_type(headers))
        return false;
    if (in.left >= 2 && in.at[0] == MMS_TYPE && in.at[1] != MMS_NOTIFICATION)
        return false;
    read_fields(in, &found);
    *out = found;
    return true;
}
