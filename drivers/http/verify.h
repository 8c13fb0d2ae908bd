/* verify.h - is a request to a hook from whom it says it is? One HMAC recipe of
 * pieces, JWT with HS256 (RFC 7519), and static secrets. Pure. */
#ifndef MOONGATE_HTTP_VERIFY_H
#define MOONGATE_HTTP_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/pick.h"

struct template;
struct tree;
struct verify;

/* What was signed, beside the payload. */
struct signed_request {
    const struct payload *payload;
    const char *method, *url, *peer;
    int64_t now; /* Unix ms */
};

/* Parses one group of a provider's `verify` list; ERR_CONFIG with its place. */
struct verify *verify_parse(const struct tree *group, const char *const *names,
                            struct err *err);
void verify_free(struct verify *verify); /* NULL is fine */

/* With the line's values. A check whose key is not configured (an empty value)
 * passes: the secret path of a hook always stands. ERR_FORBIDDEN says why not,
 * without what was expected. */
bool verify_request(const struct verify *verify, const char *const *values,
                    const struct signed_request *request, struct err *err);

/* The check of a JWT alone, for tests: `audience` NULL: any; `body_hash`: the
 * claim payload_hash must be the body's SHA-256. */
struct jwt_rules {
    const char *key, *audience;
    bool body_hash;
    int64_t now;    /* Unix s */
    int64_t leeway; /* s */
};
bool jwt_check(const char *token, size_t size, const struct jwt_rules *rules,
               const char *body, size_t body_size, struct err *err);

#endif
