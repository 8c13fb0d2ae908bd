/* gsm7_tables.h - the data behind gsm7.c; use gsm7.h. */
#ifndef MOONGATE_SMS_GSM7_TABLES_H
#define MOONGATE_SMS_GSM7_TABLES_H

#include <stdint.h>

#include "sms/gsm7.h"

extern const uint16_t gsm7_locking_table[GSM7_LANGUAGES][128];
extern const uint16_t gsm7_single_table[GSM7_LANGUAGES][128];

#endif
