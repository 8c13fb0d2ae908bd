/* hash.c - hash functions and HMAC, by OpenSSL. */
#include "toolkit/hash.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

static const EVP_MD *method(enum hash hash)
{
    switch (hash) {
    case HASH_MD5:
        return EVP_md5();
    case HASH_SHA1:
        return EVP_sha1();
    case HASH_SHA256:
        return EVP_sha256();
    case HASH_SHA512:
    case HASHES:
        break;
    }
    return EVP_sha512();
}

size_t hash_bytes(enum hash hash, const void *bytes, size_t size,
                  unsigned char out[HASH_MAX])
{
    unsigned written = 0;

    if (EVP_Digest(bytes, size, out, &written, method(hash), NULL) != 1)
        abort(); /* no memory, or OpenSSL is set up without that hash */
    return written;
}

size_t hash_hmac(enum hash hash, const void *key, size_t key_size,
                 const void *bytes, size_t size, unsigned char out[HASH_MAX])
{
    unsigned written = 0;

    if (key_size > INT_MAX ||
        !HMAC(method(hash), key, (int)key_size, bytes, size, out, &written))
        abort();
    return written;
}
