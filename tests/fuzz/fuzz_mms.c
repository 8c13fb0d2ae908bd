/* fuzz_mms.c - any octets as an MMS notice, and as the data of a message to
 * each of the ports that have words. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "gsm/words.h"
#include "sms/mms.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool fact)
{
    if (!fact)
        abort();
}

static void check_words(const struct pdu *pdu, const uint8_t *bytes,
                        size_t size)
{
    struct words words = { pdu, "", bytes, size };
    struct buf out;

    buf_init(&out, 64 * 1024);
    (void)words_write(&words, &out);
    for (size_t pos = 0; pos < out.len;)
        check(utf8_is_xml(utf8_next(buf_text(&out), out.len, &pos)));
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct pdu pdu = { .purpose = PDU_MMS_NOTICE, .class = -1 };
    struct mms_notice notice;

    if (size < 2 || size > 4096)
        return 0;
    if (mms_notice_decode(bytes + 2, size - 2, &notice)) {
        check(utf8_valid(notice.from, strlen(notice.from)));
        check(utf8_valid(notice.subject, strlen(notice.subject)));
        check(strpbrk(notice.subject, "\r\n") == NULL);
    }
    check_words(&pdu, bytes + 2, size - 2);
    pdu.purpose = PDU_DATA;
    pdu.ports.set = true;
    pdu.ports.destination = (uint16_t)(bytes[0] << 8 | bytes[1]);
    check_words(&pdu, bytes + 2, size - 2);
    return 0;
}
