/* digest.h - a 128-bit fingerprint (two FNV-1a of 64 bits). It tells texts
 * apart and hides nothing from who can guess them. Pure. */
#ifndef MOONGATE_GSM_DIGEST_H
#define MOONGATE_GSM_DIGEST_H

#include <stddef.h>
#include <stdint.h>

struct digest {
    uint64_t a, b;
};
struct digest_text {
    char text[33];
};

struct digest digest_start(void);
void digest_add(struct digest *digest, const void *bytes, size_t size);
struct digest_text digest_text(const struct digest *digest);

#endif
