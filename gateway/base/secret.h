/* secret.h - where secrets come from and how they are compared. */
#ifndef MOONGATE_BASE_SECRET_H
#define MOONGATE_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Resolves "file:PATH" (first line of the file, must not be readable by
 * others: a warning), "env:NAME", "credential:NAME" (of systemd's), or a
 * literal. The caller frees *out with
 * secret_free. ERR_CONFIG says which file or variable is missing or empty. */
bool secret_load(const char *spec, char **out, struct err *err);

void secret_free(char *secret); /* wipes, then frees; NULL is fine */

/* Compares in constant time for equal lengths. */
bool secret_equal(const void *a, const void *b, size_t size);

#endif
