/* amount.h - a sum of money in an operator's sentence. Pure. */
#ifndef MOONGATE_GSM_AMOUNT_H
#define MOONGATE_GSM_AMOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads "12", "-3.5", "1.234,56" or "1,234.56" in hundredths: the last dot or
 * comma is the decimal one when one or two digits follow it and, alone or of
 * another kind than those before. False when there is no digit, or too many. */
bool amount_parse(const char *text, size_t size, int64_t *hundredths);

/* "12.34", "-0.05" */
struct amount_text {
    char text[32];
};
struct amount_text amount_text(int64_t hundredths);

#endif
