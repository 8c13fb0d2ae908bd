/* address.c - IP addresses against tables of networks.
 *
 * Everything is compared as 16 octets; an IPv4 address is taken as the mapped
 * form ::ffff:a.b.c.d, so that one table and one comparison do. */
#include "toolkit/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { OCTETS = 16, V4_BITS = 96, ENTRY_MAX = 64 };

struct bits {
    uint8_t octets[OCTETS];
};

struct range {
    struct bits network;
    unsigned length;
};

/* Not for strangers: IANA's special-purpose registries (RFC 6890 and its
 * successors), and Azure's metadata service, which has a public address. */
static const char closed_v4[] =
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 "
    "172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 "
    "198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3 "
    "168.63.129.16/32";

/* Only 2000::/3 is global unicast; these parts of it are not. */
static const char global_v6[] = "2000::/3";
static const char closed_v6[] = "2001::/23 2001:db8::/32 3fff::/20";

/* Networks whose members carry an IPv4 address, and at which octet. */
static const struct {
    const char *network;
    unsigned at;
} carriers[] = {
    { "::ffff:0:0/96", 12 }, /* mapped */
    { "64:ff9b::/96", 12 },  /* NAT64, RFC 6052 */
    { "2002::/16", 2 },      /* 6to4 */
};

static struct bits bits_v4(const uint8_t octets[4])
{
    struct bits bits = { { [10] = 0xFF, [11] = 0xFF } };

    memcpy(bits.octets + 12, octets, 4);
    return bits;
}

static bool bits_parse(const char *text, struct bits *bits, bool *v4)
{
    uint8_t octets[4];

    *v4 = inet_pton(AF_INET, text, octets) == 1;
    if (*v4)
        *bits = bits_v4(octets);
    return *v4 || inet_pton(AF_INET6, text, bits->octets) == 1;
}

static bool bits_from(const struct sockaddr *address, struct bits *bits)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, address, sizeof(in));
        *bits = bits_v4((const uint8_t *)&in.sin_addr);
        return true;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, address, sizeof(in6));
        memcpy(bits->octets, &in6.sin6_addr, OCTETS);
        return true;
    }
    return false;
}

static bool range_parse(const char *text, size_t size, struct range *range)
{
    char copy[ENTRY_MAX];
    char *slash, *end;
    bool v4;
    unsigned long length = 128;

    if (size >= sizeof(copy))
        return false;
    memcpy(copy, text, size);
    copy[size] = '\0';
    slash = strchr(copy, '/');
    if (slash)
        *slash = '\0';
    if (!bits_parse(copy, &range->network, &v4))
        return false;
    if (slash) {
        length = strtoul(slash + 1, &end, 10);
        if (end == slash + 1 || *end || length > (v4 ? 32U : 128U))
            return false;
        length += v4 ? V4_BITS : 0;
    }
    range->length = (unsigned)length;
    return true;
}

static bool range_holds(const struct range *range, const struct bits *bits)
{
    unsigned whole = range->length / 8, rest = range->length % 8;
    unsigned mask = 0xFFU << (8 - rest) & 0xFF;

    if (memcmp(range->network.octets, bits->octets, whole) != 0)
        return false;
    return rest == 0 ||
           ((range->network.octets[whole] ^ bits->octets[whole]) & mask) == 0;
}

/* The next entry of a list from *text on; its size, 0 at the end. */
static size_t list_next(const char **text)
{
    *text += strspn(*text, ", ");
    return strcspn(*text, ", ");
}

static bool bits_in(const struct bits *bits, const char *list)
{
    struct range range;
    size_t size;

    for (; list && (size = list_next(&list)) > 0; list += size) {
        if (range_parse(list, size, &range) && range_holds(&range, bits))
            return true;
    }
    return false;
}

static bool bits_public(const struct bits *bits)
{
    for (size_t i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++) {
        struct bits inner = bits_v4(bits->octets + carriers[i].at);

        if (bits_in(bits, carriers[i].network))
            return !bits_in(&inner, closed_v4);
    }
    return bits_in(bits, global_v6) && !bits_in(bits, closed_v6);
}

bool address_is_public(const struct sockaddr *address)
{
    struct bits bits;

    return bits_from(address, &bits) && bits_public(&bits);
}

bool address_in(const struct sockaddr *address, const char *list)
{
    struct bits bits;

    return bits_from(address, &bits) && bits_in(&bits, list);
}

bool address_text_in(const char *text, const char *list)
{
    struct bits bits;
    bool v4;

    return bits_parse(text, &bits, &v4) && bits_in(&bits, list);
}

bool address_list_valid(const char *list)
{
    struct range range;
    size_t size;

    for (; list && (size = list_next(&list)) > 0; list += size) {
        if (!range_parse(list, size, &range))
            return false;
    }
    return true;
}
