/* id.c - random identities. Each thread keeps a small block of random octets,
 * because a message costs one identity and a system call per message is more
 * than the rest of its parsing. */
#include "base/id.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/code.h"

static _Thread_local struct {
    uint8_t octets[256];
    size_t left;
} pool;

static void refill(void)
{
    ssize_t n;

    do {
        n = getrandom(pool.octets, sizeof pool.octets, 0);
    } while (n < 0 && errno == EINTR);
    /* Up to 256 octets are never delivered in part (getrandom(2)). */
    if (n != (ssize_t)sizeof pool.octets)
        abort();
    pool.left = sizeof pool.octets;
}

static void take(void *out, size_t size)
{
    if (pool.left < size)
        refill();
    pool.left -= size;
    memcpy(out, pool.octets + pool.left, size);
    memset(pool.octets + pool.left, 0, size);
}

struct id id_new(void)
{
    int64_t now = clock_wall_ms();
    struct id id;

    take(id.bytes, sizeof id.bytes);
    for (int i = 0; i < ID_TIME; i++)
        id.bytes[i] = (uint8_t)(now >> (40 - 8 * i));
    return id;
}

struct id_text id_text(const struct id *id)
{
    static const char digits[] = "0123456789abcdef";
    struct id_text out;

    for (size_t i = 0; i < sizeof id->bytes; i++) {
        uint8_t byte = id->bytes[(i + ID_TIME) % sizeof id->bytes];

        out.text[2 * i] = digits[byte >> 4];
        out.text[2 * i + 1] = digits[byte & 15];
    }
    out.text[32] = '\0';
    return out;
}

bool id_parse(const char *text, struct id *id)
{
    struct id out;

    for (size_t i = 0; i < sizeof out.bytes; i++) {
        int high = code_hex_digit(text[2 * i]);
        int low = high >= 0 ? code_hex_digit(text[2 * i + 1]) : -1;

        if (low < 0)
            return false;
        out.bytes[(i + ID_TIME) % sizeof out.bytes] =
            (uint8_t)(high << 4 | low);
    }
    if (text[32] != '\0')
        return false;
    *id = out;
    return true;
}

bool id_equal(const struct id *a, const struct id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

uint32_t id_random_below(uint32_t n)
{
    uint32_t value, limit;

    assert(n > 0);
    /* Values from `limit` on would favour small remainders. */
    limit = UINT32_MAX - UINT32_MAX % n;
    do {
        take(&value, sizeof value);
    } while (value >= limit);
    return value % n;
}
