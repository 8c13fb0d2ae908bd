/* suggest.h - the name that somebody probably meant. */
#ifndef MOONGATE_TOOLKIT_SUGGEST_H
#define MOONGATE_TOOLKIT_SUGGEST_H

#include <stddef.h>

/* Keeps the candidate nearest to `word` in *best, if it is near enough to be a
 * slip of the hand; call it for each, starting with NULL and SUGGEST_FAR. */
enum { SUGGEST_FAR = 1000 };
void suggest(const char *word, const char *candidate, const char **best,
             unsigned *distance);

/* "; did you mean X?" for the nearest of "a|b|c", "" when none is near. */
void suggest_choice(const char *word, const char *choices, char *out,
                    size_t size);

#endif
