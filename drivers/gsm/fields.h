/* fields.h - a line of a modem cut into fields, and hex. Pure; the input is
 * hostile and never needs to be terminated beyond its size. */
#ifndef MOONGATE_GSM_FIELDS_H
#define MOONGATE_GSM_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

enum { PARSE_FIELDS_MAX = 16 };

/* A piece of a line; borrowed, not terminated. */
struct slice {
    const char *text;
    size_t size;
    bool quoted;
};

/* Splits what follows the first ':' (or the whole line when there is none) at
 * commas outside quotes and brackets; quotes and outer spaces are removed.
 * Returns the number of fields, at most `max`; the rest is ignored. */
size_t parse_fields(const char *line, struct slice *fields, size_t max);

bool slice_int(struct slice slice, int *out); /* decimal, up to 9 digits */
bool slice_is(struct slice slice, const char *text);
void slice_copy(struct slice slice, char *out, size_t size); /* cut to fit */

bool parse_is_digit(char c);
int parse_hex_digit(char c); /* -1: it is none */

/* Does the text consist of at least one hex digit and nothing else? */
bool parse_is_hex(const char *text, size_t size);

/* Hex digits to bytes; false for odd length, wrong digits or too many. */
bool parse_hex(const char *text, size_t digits, unsigned char *out, size_t max,
               size_t *size);

/* Is `hex` a whole PDU whose TPDU has `length` octets, with its SMSC octets
 * in front as +CMT, +CDS and +CMGL give it? */
bool parse_pdu_fits(const char *hex, size_t digits, int length);

/* As parse_fields, of a slice that holds only values. */
size_t slice_split(struct slice text, struct slice *fields, size_t max);

struct slice slice_trim(struct slice slice);

/* The rest of a line behind its "+NAME:". */
struct slice slice_values(const char *line, size_t size);

#endif
