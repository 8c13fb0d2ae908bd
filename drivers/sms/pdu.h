/* pdu.h - SMS transfer layer PDUs (3GPP TS 23.040 section 9.2) as values.
 * Pure: no I/O, no clock, no allocation; everything fits into the struct. */
#ifndef MOONGATE_SMS_PDU_H
#define MOONGATE_SMS_PDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "sms/gsm7.h"

enum {
    PDU_TPDU_MAX = 175, /* octets; the largest legal is 164 */
    PDU_SMSC_MAX = 12,  /* octets with their length */
    PDU_MAX = PDU_TPDU_MAX + PDU_SMSC_MAX,
    PDU_HEX_MAX = 2 * PDU_MAX + 1, /* characters with the final NUL */
    PDU_PORT_WAP_PUSH = 2948,
};

enum pdu_type { PDU_DELIVER, PDU_SUBMIT, PDU_STATUS_REPORT };

enum pdu_alphabet { PDU_GSM7, PDU_8BIT, PDU_UCS2 };

/* What a received message is for, from TP-PID, TP-DCS and the ports. */
enum pdu_purpose {
    PDU_TEXT,       /* show it */
    PDU_SILENT,     /* TP-PID 0x40: acknowledge, never show */
    PDU_SIM_DATA,   /* for the SIM (TP-PID 0x7F/0x7C, or class 2 that is no
                       text): never show */
    PDU_MMS_NOTICE, /* an MMS waits at the operator: tell the user */
    PDU_WAP_PUSH,   /* another message to port 2948 */
    PDU_DATA,       /* 8-bit or compressed data that is no plain text */
    PDU_WAITING,    /* voicemail, fax ... waiting; may have a text or none */
};

/* text: "+E164" for an international number, bare digits (with * # a b c) for
 * others, the decoded name for an alphanumeric one, "" for none. */
struct pdu_address {
    uint8_t toa;
    char text[48];
};

/* A seven octet timestamp. Fields out of range are clamped, never refused;
 * `odd` says so. Without `set` there is none. */
struct pdu_time {
    bool set, odd;
    int64_t unix_ms;
    int offset; /* minutes east of UTC */
};

enum pdu_validity_form {
    PDU_VP_NONE,
    PDU_VP_ENHANCED,
    PDU_VP_RELATIVE,
    PDU_VP_ABSOLUTE
};

struct pdu_validity {
    enum pdu_validity_form form; /* the values of TP-VPF */
    uint8_t relative;            /* PDU_VP_RELATIVE: the octet */
    struct pdu_time until;       /* PDU_VP_ABSOLUTE */
    uint8_t enhanced[7];         /* PDU_VP_ENHANCED: as it is */
};

/* total is 0 when the message is whole. Only plausible values get here:
 * 1 <= seq <= total. */
struct pdu_concat {
    uint16_t reference;
    bool wide; /* 16-bit reference: never the same set as an 8-bit one */
    uint8_t total, seq;
};

struct pdu_ports {
    bool set;
    uint16_t destination, source;
};

/* What waits elsewhere: TP-DCS 1100..1110 and the special message indication
 * (TS 23.038 4, TS 23.040 9.2.3.24.2). */
enum pdu_waits { PDU_VOICEMAIL, PDU_FAX, PDU_EMAIL, PDU_OTHER, PDU_WAITS };

struct pdu_waiting {
    bool set[PDU_WAITS];
    int count[PDU_WAITS]; /* 0: none waits any more; -1: some */
};

struct pdu {
    enum pdu_type type;
    struct pdu_address smsc;    /* text "": stored in the SIM, or bare TPDU */
    struct pdu_address address; /* sender, or recipient */

    /* Bits of the first octet; those of other types are false. */
    bool more;              /* DELIVER, STATUS-REPORT: more wait (TP-MMS 0) */
    bool loop;              /* TP-LP */
    bool reply_path;        /* TP-RP */
    bool report;            /* TP-SRR, TP-SRI: a report is or was asked for */
    bool reject_duplicates; /* TP-RD */
    bool for_command;       /* STATUS-REPORT TP-SRQ */

    uint8_t mr; /* SUBMIT, STATUS-REPORT */
    uint8_t pid;
    bool has_dcs; /* false: STATUS-REPORT without TP-DCS */
    uint8_t dcs;
    enum pdu_alphabet alphabet; /* of dcs */
    int class;                  /* 0 (flash) to 3, -1 none */
    bool compressed;
    struct pdu_validity validity; /* SUBMIT */
    struct pdu_time timestamp;    /* TP-SCTS: DELIVER, STATUS-REPORT */
    struct pdu_time discharge;    /* TP-DT: STATUS-REPORT */
    uint8_t st;                   /* TP-ST: STATUS-REPORT */

    uint8_t replace;  /* TP-PID 0x41..0x47: 1 to 7 replaces type n of address */
    bool return_call; /* TP-PID 0x5F: the sender wants to be called back */
    enum pdu_purpose purpose;
    struct pdu_waiting waiting; /* PDU_WAITING: something is set */

    /* User data header, raw with its length octet, and what we read in it. */
    uint8_t udh[140];
    size_t udh_size;
    struct pdu_concat concat;
    struct pdu_ports ports;
    struct gsm7_shift shift;

    /* User data after the header: unpacked septets for PDU_GSM7 (not
     * compressed), else octets. */
    uint8_t data[GSM7_SEPTETS_MAX];
    size_t size;
};

/* An encoded PDU: SMSC octets, then the TPDU. */
struct pdu_bytes {
    uint8_t bytes[PDU_MAX];
    size_t size;
    size_t tpdu; /* octets without the SMSC: what AT+CMGS carries */
};

/* Decodes SMSC octets and TPDU, as +CMT, +CDS and AT+CMGR give them. DELIVER,
 * SUBMIT (as stored in a SIM) and STATUS-REPORT. Octets that follow the TPDU
 * are ignored. ERR_PROTOCOL says which field is wrong. */
bool pdu_decode(const uint8_t *bytes, size_t size, struct pdu *pdu,
                struct err *err);

/* The same without SMSC octets. */
bool pdu_decode_tpdu(const uint8_t *bytes, size_t size, struct pdu *pdu,
                     struct err *err);

/* Is there text? GSM 7-bit and UCS-2 always, compressed data never, 8-bit data
 * when it goes to no port and is plain ASCII or UTF-8: some senders do that. */
bool pdu_is_readable(const struct pdu *pdu);

/* Adds the text of the user data as UTF-8: nothing when it is not readable.
 * May hold NUL and other control characters of the sender's: mind
 * out->len, and use utf8_clean before showing it. False when `out` is full. */
bool pdu_text(const struct pdu *pdu, struct buf *out);

/* Makes *pdu a SUBMIT to `to` ("+" and digits, or digits * #) with everything
 * else at rest: no SMSC, GSM 7-bit, no validity period, no report.
 * ERR_BAD_ADDRESS, also for a sender name. */
bool pdu_init_submit(struct pdu *pdu, const char *to, struct err *err);

/* Sets an address from text: "+" and digits, or digits * # a b c, or else an
 * alphanumeric name of at most 11 septets; "" is none. ERR_BAD_ADDRESS. */
bool pdu_set_address(struct pdu_address *address, const char *text,
                     struct err *err);

/* An alphanumeric sender, which cannot be answered? */
bool pdu_is_name(const struct pdu_address *address);

/* Sets dcs, and alphabet, class and compressed from it (TS 23.038 4). */
void pdu_set_dcs(struct pdu *pdu, uint8_t dcs);

/* The TP-DCS of an alphabet and class (-1 none). */
uint8_t pdu_dcs(enum pdu_alphabet alphabet, int class);

/* The relative validity octet that covers at least `minutes`
 * (TS 23.040 9.2.3.12.1), and the minutes of an octet. */
uint8_t pdu_validity_octet(long minutes);
long pdu_validity_minutes(uint8_t octet);

/* Encodes a SUBMIT, or a DELIVER (for tests and tools): type, smsc, address,
 * the bits, mr, pid, dcs, validity, timestamp, udh, data. What is derived
 * (concat, ports, class ...) is not read. ERR_TOO_LONG when the user data
 * passes 140 octets. */
bool pdu_encode(const struct pdu *pdu, struct pdu_bytes *out, struct err *err);

/* Sets TP-RD in an encoded SUBMIT with SMSC octets: an earlier try of it may
 * have been taken. Anything else is left alone. */
void pdu_mark_repeat(uint8_t *bytes, size_t size);

/* Octets of the TPDU behind the SMSC octets, for AT+CMGS=n; 0 when the SMSC
 * length passes `size`. */
size_t pdu_tpdu_size(const uint8_t *bytes, size_t size);

/* Hex in either case; blanks between are skipped. ERR_PROTOCOL. */
bool pdu_from_hex(const char *hex, uint8_t *out, size_t max, size_t *size,
                  struct err *err);
/* Upper-case hex with a final NUL into out, which holds 2 * size + 1. */
void pdu_to_hex(const uint8_t *bytes, size_t size, char *out);

/* What TP-ST says about a message (TS 23.040 9.2.3.15). */
enum pdu_outcome {
    PDU_DELIVERED, /* 0x00: the phone has it */
    PDU_FORWARDED, /* 0x01-0x1F: done, but nobody knows whether it arrived */
    PDU_PENDING,   /* 0x20-0x3F: the SMSC goes on trying */
    PDU_FAILED,    /* the rest: final */
};
enum pdu_outcome pdu_status_outcome(uint8_t st);

/* In plain words, e.g. "validity period expired". */
const char *pdu_status_text(uint8_t st);

/* The error of a PDU_FAILED status; code is "ST 46", say. */
void pdu_status_err(uint8_t st, struct err *err);

/* "DELIVER", "SUBMIT", "STATUS-REPORT"; "gsm7", "8bit", "ucs2"; "text",
 * "silent", ... */
const char *pdu_type_name(enum pdu_type type);
const char *pdu_alphabet_name(enum pdu_alphabet alphabet);
const char *pdu_purpose_name(enum pdu_purpose purpose);

/* ISO 8601 with the sender's own offset, e.g. 2010-04-06T14:34:13+02:00. */
struct pdu_time_text {
    char text[40];
};
struct pdu_time_text pdu_time_text(const struct pdu_time *time);

#endif
