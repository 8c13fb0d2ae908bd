/* hash.h - hash functions and HMAC (RFC 2104), by OpenSSL. Pure. */
#ifndef MOONGATE_TOOLKIT_HASH_H
#define MOONGATE_TOOLKIT_HASH_H

#include <stddef.h>

enum hash { HASH_MD5, HASH_SHA1, HASH_SHA256, HASH_SHA512, HASHES };
enum { HASH_MAX = 64 };

/* Both return the octets written. */
size_t hash_bytes(enum hash hash, const void *bytes, size_t size,
                  unsigned char out[HASH_MAX]);
size_t hash_hmac(enum hash hash, const void *key, size_t key_size,
                 const void *bytes, size_t size, unsigned char out[HASH_MAX]);

#endif
