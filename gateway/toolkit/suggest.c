/* suggest.c - nearness of two words is their Levenshtein distance, computed in
 * one row; a quarter of the letters, and one more, may be wrong. */
#include "toolkit/suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { SUGGEST_LEN = 40 };

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;

    return least < c ? least : c;
}

/* Levenshtein distance of two words shorter than SUGGEST_LEN. */
static unsigned distance_of(const char *a, const char *b)
{
    unsigned row[SUGGEST_LEN];
    size_t n = strlen(b);

    for (size_t j = 0; j <= n; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; a[i - 1]; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= n; j++) {
            unsigned above = row[j];

            row[j] = min3(above + 1, row[j - 1] + 1,
                          diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[n];
}

void suggest(const char *word, const char *candidate, const char **best,
             unsigned *distance)
{
    unsigned d;

    if (strlen(word) >= SUGGEST_LEN || strlen(candidate) >= SUGGEST_LEN)
        return;
    d = distance_of(word, candidate);
    if (d > 1 + strlen(word) / 4 || d >= *distance)
        return;
    *best = candidate;
    *distance = d;
}

void suggest_choice(const char *word, const char *choices, char *out,
                    size_t size)
{
    const char *best = NULL;
    unsigned distance = SUGGEST_FAR;

    text_copy(out, size, "");
    while (*choices) {
        size_t len = strcspn(choices, "|");
        char *choice = xstrndup(choices, len);

        best = NULL;
        suggest(word, choice, &best, &distance);
        if (best)
            snprintf(out, size, "; did you mean %s?", best);
        free(choice);
        choices += len + (choices[len] == '|');
    }
}
