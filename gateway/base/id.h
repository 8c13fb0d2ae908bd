/* id.h - the identity of a message: trace id and stanza id. 80 random bits
 * behind 48 bits of time, so that what is stored together lies together in the
 * store's index; as text the random digits come first, so that a few of them
 * name a message. */
#ifndef MOONGATE_BASE_ID_H
#define MOONGATE_BASE_ID_H

#include <stdbool.h>
#include <stdint.h>

enum { ID_TIME = 6 }; /* octets of time in front */

struct id {
    uint8_t bytes[16];
};
struct id_text {
    char text[33];
};

struct id
id_new(void); /* from getrandom(2), buffered; aborts if there is none */
struct id_text id_text(const struct id *id); /* 32 lower-case hex digits */
bool id_parse(const char *text, struct id *id);
bool id_equal(const struct id *a, const struct id *b);

/* A uniform random number below n (> 0): for jitter, not for secrets. */
uint32_t id_random_below(uint32_t n);

#endif
