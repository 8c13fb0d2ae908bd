/* fuzz_jwt.c - any text as a token, with a key that nobody knows: none is ever
 * right. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const struct jwt_rules rules = { .key = "a key that is not in the seeds",
                                     .audience = "https://gw.test/hook",
                                     .body_hash = true,
                                     .now = 1700000000 };
    struct err err = { 0 };

    if (jwt_check((const char *)bytes, size, &rules, "{}", 2, &err) ||
        err.kind != ERR_FORBIDDEN)
        abort();
    return 0;
}
