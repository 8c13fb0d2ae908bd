/* pdu_status.c - TP-ST in words (3GPP TS 23.040 9.2.3.15). A report of
 * 0x60-0x7F is final too: the failure was temporary, but the SMSC has given
 * up. None of the errors asks for a retry, because the message was accepted
 * once and sending it again is the sender's decision. */
#include "sms/pdu.h"

#include <stdio.h>

struct status {
    uint8_t first, last;
    enum err_kind kind; /* ERR_NONE: not a failure */
    const char *text;
};

/* In rising order, without gaps. */
static const struct status statuses[] = {
    { 0x00, 0x00, ERR_NONE, "delivered to the phone" },
    { 0x01, 0x01, ERR_NONE, "forwarded, but delivery is not confirmed" },
    { 0x02, 0x02, ERR_NONE, "replaced at the SMSC by a later message" },
    { 0x03, 0x1F, ERR_NONE, "completed, in a way only the SMSC knows" },
    { 0x20, 0x20, ERR_NONE, "still trying: the network is congested" },
    { 0x21, 0x21, ERR_NONE, "still trying: the phone is busy" },
    { 0x22, 0x22, ERR_NONE, "still trying: the phone does not answer" },
    { 0x23, 0x23, ERR_NONE, "still trying: the service was rejected" },
    { 0x24, 0x24, ERR_NONE, "still trying: quality of service not available" },
    { 0x25, 0x25, ERR_NONE, "still trying: an error in the phone" },
    { 0x26, 0x3F, ERR_NONE, "still trying: reason only known to the SMSC" },
    { 0x40, 0x40, ERR_REJECTED, "error in the network" },
    { 0x41, 0x41, ERR_REJECTED, "the phone cannot take this kind of message" },
    { 0x42, 0x42, ERR_REJECTED, "refused by the phone" },
    { 0x43, 0x43, ERR_NO_RECIPIENT, "the number cannot be reached" },
    { 0x44, 0x44, ERR_REJECTED, "quality of service not available" },
    { 0x45, 0x45, ERR_REJECTED, "no way between the two networks" },
    { 0x46, 0x46, ERR_EXPIRED, "the phone was not reached in time" },
    { 0x47, 0x47, ERR_REJECTED, "deleted by the sender" },
    { 0x48, 0x48, ERR_REJECTED, "deleted by the operator" },
    { 0x49, 0x49, ERR_REJECTED, "the SMSC does not know the message" },
    { 0x4A, 0x5F, ERR_REJECTED, "failed for a reason only the SMSC knows" },
    { 0x60, 0x60, ERR_EXPIRED, "given up: the network is congested" },
    { 0x61, 0x61, ERR_EXPIRED, "given up: the phone is busy" },
    { 0x62, 0x62, ERR_EXPIRED, "given up: the phone does not answer" },
    { 0x63, 0x63, ERR_EXPIRED, "given up: the service was rejected" },
    { 0x64, 0x64, ERR_EXPIRED, "given up: quality of service not available" },
    { 0x65, 0x65, ERR_EXPIRED, "given up: an error in the phone" },
    { 0x66, 0x7F, ERR_EXPIRED, "given up for a reason only the SMSC knows" },
    { 0x80, 0xFF, ERR_REJECTED, "the SMSC sent a status that does not exist" },
};

static const struct status *find(uint8_t st)
{
    const struct status *at = statuses;

    while (st > at->last)
        at++;
    return at;
}

enum pdu_outcome pdu_status_outcome(uint8_t st)
{
    if (st == 0)
        return PDU_DELIVERED;
    if (st < 0x20)
        return PDU_FORWARDED;
    return st < 0x40 ? PDU_PENDING : PDU_FAILED;
}

const char *pdu_status_text(uint8_t st)
{
    return find(st)->text;
}

void pdu_status_err(uint8_t st, struct err *err)
{
    const struct status *status = find(st);

    err_set(err, status->kind, "%s", status->text);
    snprintf(err->code, sizeof err->code, "ST %02X", st);
}
