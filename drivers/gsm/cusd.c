/* cusd.c - what stands between the quotes of +CUSD.
 *
 * The coding is often wrong: Quectel's M35 says 15 (GSM 7-bit) above UCS-2 in
 * hex, Huawei's E160 above packed septets in hex, others above a plain text.
 * So hex is looked at: it is UCS-2 when most of its units lie in one of the
 * first alphabets, packed when it unpacks to an ordinary text. */
#include "gsm/cusd.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "gsm/charset.h"
#include "gsm/fields.h"
#include "sms/gsm7.h"
#include "sms/pdu.h"

enum { OCTETS_MAX = CUSD_TEXT_MAX, CODING_UNKNOWN = -1 };

/* --- the line ------------------------------------------------------------- */

/* The closing quote: the last one, with nothing behind it but the coding. */
static const char *closing_quote(const char *text)
{
    const char *quote = strrchr(text, '"');
    const char *rest;

    if (quote == NULL)
        return NULL;
    rest = quote + 1;
    rest += strspn(rest, " ,0123456789");
    return *rest == '\0' ? quote : NULL;
}

/* What stands behind <m> and its comma; NULL when there is nothing. */
static const char *after_kind(const char *line)
{
    const char *at = strchr(line, ':');

    if (at == NULL)
        return NULL;
    at++;
    at += strspn(at, " 0123456789");
    if (*at != ',')
        return NULL;
    at++;
    return at + strspn(at, " ");
}

bool cusd_is_open(const char *line)
{
    const char *text = after_kind(line);

    return text != NULL && *text == '"' && closing_quote(text + 1) == NULL;
}

/* Without quotes the coding is behind the last comma. */
static void split(const char *text, struct slice *body, int *coding)
{
    const char *end = NULL;
    struct slice rest;

    *coding = CODING_UNKNOWN;
    if (*text == '"') {
        text++;
        end = closing_quote(text);
        rest.text = end != NULL ? end + 1 : "";
    } else {
        end = strrchr(text, ',');
        rest.text = end != NULL ? end : "";
        rest.size = strlen(rest.text);
        if (end != NULL && strspn(end, ", 0123456789") < rest.size)
            end = NULL;
    }
    body->text = text;
    body->size = end != NULL ? (size_t)(end - text) : strlen(text);
    rest.text += strspn(rest.text, ", ");
    rest.size = strlen(rest.text);
    rest = slice_trim(rest);
    if (end != NULL)
        (void)slice_int(rest, coding);
}

/* --- the coding ----------------------------------------------------------- */

struct coding {
    enum pdu_alphabet alphabet;
    bool known;
    unsigned skip; /* octets of language in front of UCS-2 */
};

/* TS 23.038 5, cell broadcast. */
static struct coding coding_of(int dcs)
{
    static const enum pdu_alphabet general[4] = { PDU_GSM7, PDU_8BIT, PDU_UCS2,
                                                  PDU_GSM7 };
    unsigned group = (unsigned)dcs >> 4;

    if (dcs < 0 || dcs > 255)
        return (struct coding){ PDU_GSM7, false, 0 };
    if (dcs == 0x11)
        return (struct coding){ PDU_UCS2, true, 2 };
    if ((group >= 4 && group < 8) || group == 9)
        return (struct coding){ general[dcs >> 2 & 3], true, 0 };
    if (group == 15 && (dcs & 4) != 0)
        return (struct coding){ PDU_8BIT, true, 0 };
    return (struct coding){ PDU_GSM7, true, 0 };
}

/* Do three of four units lie below U+0700, where the alphabets of Europe and
 * the Near East are? Packed septets give units from all over the plane. */
static bool looks_ucs2(const unsigned char *bytes, size_t size)
{
    size_t low = 0;

    for (size_t i = 0; i + 1 < size; i += 2)
        low += bytes[i] < 7;
    return size >= 2 && size % 2 == 0 && 4 * low >= 3 * (size / 2);
}

static bool is_ordinary(uint32_t cp)
{
    return cp == '\n' || cp == '\r' || (cp >= 0x20 && cp < 0x7F) ||
           (cp >= 0xC0 && cp < 0x100);
}

/* Are nine of ten characters what people write? */
static bool looks_ordinary(const struct buf *text)
{
    size_t good = 0, all = 0;

    for (size_t pos = 0; pos < text->len; all++)
        good += is_ordinary(utf8_next(buf_text(text), text->len, &pos));
    return all > 0 && 10 * good >= 9 * all;
}

/* Seven spare bits are no character: CR or @ fills them (6.1.2.3.1). */
static void unpack(const unsigned char *bytes, size_t size, struct buf *out)
{
    uint8_t septets[OCTETS_MAX * 8 / 7 + 1];
    size_t n =
        gsm7_unpack(septets, sizeof(septets), bytes, size, 0, size * 8 / 7);

    if (n > 0 && n % 8 == 0 && (septets[n - 1] == '\r' || septets[n - 1] == 0))
        n--;
    (void)gsm7_decode(out, septets, n, (struct gsm7_shift){ 0, 0 });
}

/* A number alone, such as a balance, is hex, too. */
static bool has_hex_letter(struct slice text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!parse_is_digit(text.text[i]))
            return true;
    return false;
}

static void decode_hex(struct slice text, const unsigned char *bytes,
                       size_t size, struct coding coding, struct buf *out)
{
    struct slice units = { .text = text.text + 2 * coding.skip,
                           .size = text.size - 2 * coding.skip };

    if ((coding.alphabet == PDU_UCS2 || looks_ucs2(bytes, size)) &&
        charset_ucs2(units, out))
        return;
    if (coding.alphabet == PDU_8BIT) {
        charset_plain(
            (struct slice){ .text = (const char *)bytes, .size = size }, out);
        return;
    }
    if (text.size > 4) {
        unpack(bytes, size, out);
        if (looks_ordinary(out) || has_hex_letter(text))
            return;
    }
    buf_reset(out);
    charset_plain(text, out);
}

/* Lines end in various ways, and none is needed at the end. */
static void put(const struct buf *raw, char *out)
{
    struct buf clean;
    size_t n;

    buf_init(&clean, 4 * CUSD_TEXT_MAX);
    for (size_t i = 0; i < raw->len; i++)
        if (raw->data[i] == '\r')
            raw->data[i] = '\n';
    (void)utf8_clean(&clean, buf_text(raw), raw->len);
    n = clean.len < CUSD_TEXT_MAX - 1 ? clean.len : CUSD_TEXT_MAX - 1;
    while (n < clean.len && n > 0 && (clean.data[n] & 0xC0) == 0x80)
        n--;
    while (n > 0 && (clean.data[n - 1] == ' ' || clean.data[n - 1] == '\n'))
        n--;
    if (n > 0)
        memcpy(out, clean.data, n);
    out[n] = '\0';
    buf_free(&clean);
}

static void decode(struct slice text, int dcs, char *out)
{
    struct coding coding = coding_of(dcs);
    unsigned char bytes[OCTETS_MAX];
    struct buf raw;
    size_t size;

    buf_init(&raw, 4 * CUSD_TEXT_MAX);
    if (text.size >= 2 * (size_t)coding.skip + 2 &&
        parse_hex(text.text, text.size, bytes, sizeof(bytes), &size))
        decode_hex(text, bytes, size, coding, &raw);
    else
        charset_plain(text, &raw);
    put(&raw, out);
    buf_free(&raw);
}

bool cusd_parse(const char *line, struct cusd *out)
{
    const char *at = strchr(line, ':'), *text = after_kind(line);
    struct slice body;
    int dcs;

    if (at == NULL)
        return false;
    at += 1 + strspn(at + 1, " ");
    out->kind =
        *at >= '0' && *at <= '5' ? (enum cusd_kind)(*at - '0') : CUSD_DONE;
    out->text[0] = '\0';
    if (text != NULL && *text != '\0') {
        split(text, &body, &dcs);
        decode(body, dcs, out->text);
    }
    return true;
}

/* --- the command ---------------------------------------------------------- */

/* Is every septet the character's ASCII code, and none a quote or the end of
 * the command? */
static bool is_plain(const char *text, const uint8_t *septets, size_t n)
{
    if (strlen(text) != n || memcmp(text, septets, n) != 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if (septets[i] < 0x20 || septets[i] == '"')
            return false;
    return true;
}

bool cusd_command(const char *text, enum cusd_form form, char *out, size_t size,
                  struct err *err)
{
    uint8_t septets[GSM7_SEPTETS_MAX], octets[GSM7_OCTETS_MAX];
    char hex[2 * GSM7_OCTETS_MAX + 1];
    size_t n;
    int written;

    if (!gsm7_fits(text, strlen(text), NULL))
        return err_set(err, ERR_UNSUPPORTED,
                       "USSD takes digits, * # and plain letters");
    if (!gsm7_encode(text, strlen(text), septets, sizeof(septets), &n))
        return err_set(err, ERR_TOO_LONG, "this is too long for USSD");
    if (form == CUSD_PACKED || !is_plain(text, septets, n)) {
        pdu_to_hex(octets, gsm7_pack_ussd(octets, sizeof(octets), septets, n),
                   hex);
        text = hex;
    }
    written = snprintf(out, size, "AT+CUSD=1,\"%s\",15", text);
    return (size_t)written < size ||
           err_set(err, ERR_TOO_LONG, "this is too long for USSD");
}
