/* jwt.c - JSON Web Tokens with HS256 (RFC 7515, RFC 7519). No other algorithm
 * is known here, so that none can be talked into. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/code.h"
#include "base/secret.h"
#include "driver.h"
#include "http/json.h"
#include "http/verify.h"

enum { TOKEN_MAX = 8192 };

static bool bad(struct err *err, const char *why)
{
    return err_set(err, ERR_FORBIDDEN, "the token %s", why);
}

/* A part of the token as JSON; the caller puts it. */
static struct json_object *decode(const char *text, size_t size)
{
    struct json_object *value = NULL;
    struct buf bytes;

    buf_init(&bytes, TOKEN_MAX);
    if (code_base64_parse(&bytes, text, size))
        value = json_parse(buf_text(&bytes), bytes.len);
    buf_free(&bytes);
    return value;
}

static const char *claim(struct json_object *claims, const char *name)
{
    struct json_object *value = NULL;

    (void)json_object_object_get_ex(claims, name, &value);
    return json_object_is_type(value, json_type_string)
               ? json_object_get_string(value)
               : NULL;
}

static bool signature_fits(const char *token, size_t size, const char *key,
                           const char *signature, size_t signature_size)
{
    unsigned char expected[HASH_MAX];
    struct buf given;
    size_t n = hash_hmac(HASH_SHA256, key, strlen(key), token, size, expected);
    bool fits;

    buf_init(&given, HASH_MAX);
    fits = code_base64_parse(&given, signature, signature_size) &&
           given.len == n && secret_equal(given.data, expected, n);
    buf_free(&given);
    return fits;
}

static bool algorithm_fits(const char *text, size_t size)
{
    struct json_object *header = decode(text, size);
    const char *name = header ? claim(header, "alg") : NULL;
    bool fits = name && strcmp(name, "HS256") == 0;

    json_object_put(header);
    return fits;
}

/* Is now - leeway before, or now + leeway behind, the claimed time? */
static bool times_fit(struct json_object *claims, const struct jwt_rules *rules,
                      struct err *err)
{
    struct json_object *value;

    if (json_object_object_get_ex(claims, "exp", &value) &&
        rules->now - rules->leeway >= json_object_get_int64(value))
        return bad(err, "has expired");
    if (json_object_object_get_ex(claims, "nbf", &value) &&
        rules->now + rules->leeway < json_object_get_int64(value))
        return bad(err, "is not valid yet");
    if (!json_object_object_get_ex(claims, "iat", &value) &&
        !json_object_object_get_ex(claims, "exp", &value))
        return bad(err, "does not say when it was made");
    if (json_object_object_get_ex(claims, "iat", &value) &&
        rules->now + rules->leeway < json_object_get_int64(value))
        return bad(err, "is from the future");
    return true;
}

static bool audience_fits(struct json_object *claims, const char *audience)
{
    struct json_object *value = NULL;
    size_t n;

    if (!audience)
        return true;
    (void)json_object_object_get_ex(claims, "aud", &value);
    n = json_object_is_type(value, json_type_array)
            ? json_object_array_length(value)
            : 0;
    for (size_t i = 0; i < n; i++) {
        const char *text = json_text(json_object_array_get_idx(value, i), NULL);
        if (text && strcmp(text, audience) == 0)
            return true;
    }
    return json_object_is_type(value, json_type_string) &&
           strcmp(json_object_get_string(value), audience) == 0;
}

static bool hash_fits(struct json_object *claims, const char *body, size_t size)
{
    const char *claimed = claim(claims, "payload_hash");
    unsigned char hash[HASH_MAX];
    struct buf hex;
    bool fits;

    buf_init(&hex, (size_t)2 * HASH_MAX);
    code_hex(&hex, hash, hash_bytes(HASH_SHA256, body, size, hash));
    fits = claimed && strlen(claimed) == hex.len &&
           secret_equal(claimed, hex.data, hex.len);
    buf_free(&hex);
    return fits;
}

static bool claims_fit(struct json_object *claims,
                       const struct jwt_rules *rules, const char *body,
                       size_t body_size, struct err *err)
{
    if (!json_object_is_type(claims, json_type_object))
        return bad(err, "is not JSON");
    if (!times_fit(claims, rules, err))
        return false;
    if (!audience_fits(claims, rules->audience))
        return bad(err, "is for another URL: is public_url right?");
    if (rules->body_hash && !hash_fits(claims, body, body_size))
        return bad(err, "is for another body");
    return true;
}

bool jwt_check(const char *token, size_t size, const struct jwt_rules *rules,
               const char *body, size_t body_size, struct err *err)
{
    const char *first = size <= TOKEN_MAX ? memchr(token, '.', size) : NULL;
    const char *second =
        first ? memchr(first + 1, '.', size - (size_t)(first + 1 - token))
              : NULL;
    struct json_object *claims;
    bool good;

    if (!second)
        return bad(err, "is not a JWT");
    size_t rest = size - (size_t)(second + 1 - token);
    if (!algorithm_fits(token, (size_t)(first - token)))
        return bad(err, "is not signed with HS256");
    if (!signature_fits(token, (size_t)(second - token), rules->key, second + 1,
                        rest))
        return bad(err, "has a wrong signature");
    claims = decode(first + 1, (size_t)(second - first) - 1);
    good = claims_fit(claims, rules, body, body_size, err);
    json_object_put(claims);
    return good;
}
