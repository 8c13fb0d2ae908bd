/* digest.c - a 128-bit fingerprint.
 *
 * Two FNV-1a sums from different offsets, each byte rotated for the second, so
 * that they do not collide together. Not for use against an attacker who can
 * choose both sides: a sender can only fingerprint messages of their own
 * number and second. */
#include "gsm/digest.h"

#include <inttypes.h>
#include <stdio.h>

static const uint64_t prime = 0x100000001B3u;

struct digest digest_start(void)
{
    return (struct digest){ 0xCBF29CE484222325u, 0x84222325CBF29CE4u };
}

void digest_add(struct digest *digest, const void *bytes, size_t size)
{
    const unsigned char *p = bytes;

    for (size_t i = 0; i < size; i++) {
        digest->a = (digest->a ^ p[i]) * prime;
        digest->b =
            (digest->b ^ (unsigned)((p[i] << 3 | p[i] >> 5) & 0xFF)) * prime;
    }
}

struct digest_text digest_text(const struct digest *digest)
{
    struct digest_text out;

    snprintf(out.text, sizeof(out.text), "%016" PRIx64 "%016" PRIx64, digest->a,
             digest->b);
    return out;
}
