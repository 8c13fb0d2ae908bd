/* mms.h - the notice that an MMS waits, as a WAP push carries it (WAP-230 WSP
 * 8.2, 8.4; OMA-TS-MMS_ENC 6.2, 7.3). Pure: octets in, values out. */
#ifndef MOONGATE_SMS_MMS_H
#define MOONGATE_SMS_MMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the notice tells; "" and 0 where it does not. Texts are valid UTF-8,
 * without control characters, cut to fit. */
struct mms_notice {
    char from[64]; /* a number or mail address */
    char subject[160];
    uint32_t size;       /* octets */
    int64_t expires;     /* Unix seconds, or */
    uint32_t expires_in; /* seconds from when it was sent */
};

/* Reads a WSP push from its transaction id on, which may be cut anywhere: what
 * is there counts. False when it is not about an MMS. */
bool mms_notice_decode(const uint8_t *bytes, size_t size,
                       struct mms_notice *out);

#endif
