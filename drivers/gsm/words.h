/* words.h - what a received message shows, when it is more or less than a
 * text: a mark before it, or words instead of it. Pure. */
#ifndef MOONGATE_GSM_WORDS_H
#define MOONGATE_GSM_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "sms/pdu.h"

/* A message whose parts are joined. */
struct words {
    const struct pdu *first; /* its first part: purpose, ports, class */
    const char *text;        /* valid UTF-8; "" when it is not readable */
    const uint8_t *data;     /* user data of 8-bit messages */
    size_t size;
};

/* Adds what is to be shown to `out`, valid UTF-8; nothing for what is not for
 * people (PDU_SILENT, PDU_SIM_DATA). True when these are our words about a
 * message rather than its text. */
bool words_write(const struct words *words, struct buf *out);

#endif
