/* grapheme.h - where a text may be cut without taking a character apart: the
 * grapheme clusters of Unicode UAX 29. */
#ifndef MOONGATE_SMS_GRAPHEME_H
#define MOONGATE_SMS_GRAPHEME_H

#include <stdbool.h>
#include <stdint.h>

/* Zero it before the first code point of a text. */
struct grapheme_state {
    uint32_t last; /* 0 before the first */
    bool odd_flag; /* an odd number of regional indicators before here */
    bool emoji;    /* the cluster began with a pictograph */
    bool joiner;   /* a virama waits for its consonant */
};

/* Does `cp`, which follows what the state has seen, begin a new cluster? */
bool grapheme_starts(struct grapheme_state *state, uint32_t cp);

#endif
