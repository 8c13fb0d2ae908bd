/* seal.c - a version, a random nonce (96 bits: more than enough for what people
 * type in), the text, a tag over all of it and `about`. */
#include "toolkit/seal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/mem.h"
#include "toolkit/hash.h"

enum { VERSION = 1, NONCE = 12, TAG = 16, BEFORE = 1 + NONCE };

void seal_init(struct seal *seal, const char *secret)
{
    static const char purpose[] = "moongate seal 1";
    unsigned char digest[HASH_MAX];

    (void)hash_hmac(HASH_SHA256, secret, strlen(secret), purpose,
                    strlen(purpose), digest);
    memcpy(seal->key, digest, sizeof(seal->key));
    explicit_bzero(digest, sizeof(digest));
}

static EVP_CIPHER_CTX *begin(const struct seal *seal, const char *about,
                             const unsigned char *nonce, int sealing)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n;

    if (!ctx ||
        EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, seal->key, nonce,
                          sealing) != 1 ||
        EVP_CipherUpdate(ctx, NULL, &n, (const unsigned char *)about,
                         (int)strlen(about)) != 1)
        abort(); /* no memory, or OpenSSL is set up without that cipher */
    return ctx;
}

unsigned char *seal_close(const struct seal *seal, const char *about,
                          const char *text, size_t *size)
{
    size_t length = strlen(text);
    unsigned char *out = xmalloc(BEFORE + length + TAG), *end;
    EVP_CIPHER_CTX *ctx;
    int n;

    out[0] = VERSION;
    end = out + BEFORE + length;
    if (length > INT_MAX || RAND_bytes(out + 1, NONCE) != 1)
        abort();
    ctx = begin(seal, about, out + 1, 1);
    if (EVP_EncryptUpdate(ctx, out + BEFORE, &n, (const unsigned char *)text,
                          (int)length) != 1 ||
        EVP_EncryptFinal_ex(ctx, end, &n) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG, end) != 1)
        abort();
    EVP_CIPHER_CTX_free(ctx);
    *size = BEFORE + length + TAG;
    return out;
}

char *seal_open(const struct seal *seal, const char *about, const void *bytes,
                size_t size)
{
    const unsigned char *in = bytes;
    unsigned char tag[TAG];
    EVP_CIPHER_CTX *ctx;
    size_t length;
    bool good;
    char *text;
    int n;

    if (size < BEFORE + TAG || size > INT_MAX || in[0] != VERSION)
        return NULL;
    length = size - BEFORE - TAG;
    memcpy(tag, in + BEFORE + length, TAG);
    text = xcalloc(1, length + 1);
    ctx = begin(seal, about, in + 1, 0);
    good = EVP_DecryptUpdate(ctx, (unsigned char *)text, &n, in + BEFORE,
                             (int)length) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG, tag) == 1 &&
           EVP_DecryptFinal_ex(ctx, (unsigned char *)text + length, &n) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (good)
        return text;
    explicit_bzero(text, length);
    free(text);
    return NULL;
}
