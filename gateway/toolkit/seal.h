/* seal.h - keeps a text secret at rest: AES-256-GCM by OpenSSL. */
#ifndef MOONGATE_TOOLKIT_SEAL_H
#define MOONGATE_TOOLKIT_SEAL_H

#include <stdbool.h>
#include <stddef.h>

enum { SEAL_KEY = 32 };

struct seal {
    unsigned char key[SEAL_KEY];
};

/* The key that a secret of any length stands for. */
void seal_init(struct seal *seal, const char *secret);

/* The sealed text in fresh memory: each time another one. `about` says what it
 * belongs to, and is needed to open it. */
unsigned char *seal_close(const struct seal *seal, const char *about,
                          const char *text, size_t *size);

/* The text (secret_free); NULL: another key, another `about`, or changed. */
char *seal_open(const struct seal *seal, const char *about, const void *bytes,
                size_t size);

#endif
