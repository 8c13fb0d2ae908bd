/* test_address.c - which addresses a stranger may make us connect to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "toolkit/address.h"

static const char *const closed[] = {
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200", /* Alibaba's metadata */
    "100.127.255.255",
    "127.0.0.1",
    "127.1.2.3",
    "127.255.255.254",
    "168.63.129.16", /* Azure's */
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192", /* Oracle's */
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1", /* compatible form */
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1", /* SIIT */
    "64:ff9b::127.0.0.1",
    "64:ff9b::10.1.2.3",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::8.8.8.8", /* local NAT64 */
    "100::1",
    "2001::1", /* Teredo */
    "2001:0:7f00:1::",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",    /* 6to4 of 127.0.0.1 */
    "2002:a00:1::",     /* of 10.0.0.1 */
    "2002:a9fe:a9fe::", /* of 169.254.169.254 */
    "2002:c0a8:101::1", /* of 192.168.1.1 */
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254", /* Amazon's metadata */
    "fdff::1",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
};

static const char *const open[] = {
    "1.1.1.1",      "8.8.8.8",           "9.255.255.255",
    "11.0.0.0",     "100.63.255.255",    "100.128.0.0",
    "126.255.0.1",  "128.0.0.1",         "169.253.255.255",
    "172.15.0.1",   "172.32.0.1",        "192.167.1.1",
    "192.169.1.1",  "198.17.0.1",        "198.20.0.1",
    "223.255.0.1",  "::ffff:8.8.8.8",    "64:ff9b::8.8.8.8",
    "2001:200::1",  "2001:4860::8888",   "2002:808:808::1",
    "2606:4700::1", "2a00:1450:4001::5", "3ffe::1",
};

static bool is_public(const char *text)
{
    struct sockaddr_in in = { .sin_family = AF_INET };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

    if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
        return address_is_public((struct sockaddr *)&in);
    assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    return address_is_public((struct sockaddr *)&in6);
}

static void test_public(void **state)
{
    struct sockaddr_un local = { .sun_family = AF_UNIX };

    (void)state;
    for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
        if (is_public(closed[i]))
            fail_msg("%s must be refused", closed[i]);
    }
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
        if (!is_public(open[i]))
            fail_msg("%s must be allowed", open[i]);
    }
    assert_false(address_is_public((struct sockaddr *)&local));
}

static void test_lists(void **state)
{
    (void)state;
    assert_true(address_text_in("127.0.0.1", "127.0.0.1"));
    assert_false(address_text_in("127.0.0.2", "127.0.0.1"));
    assert_true(address_text_in("::ffff:127.0.0.1", "127.0.0.1"));
    assert_true(address_text_in("10.1.2.3", "127.0.0.1, 10.0.0.0/8"));
    assert_true(address_text_in("10.127.2.3", "10.0.0.0/9"));
    assert_false(address_text_in("10.128.2.3", "10.0.0.0/9"));
    assert_true(address_text_in("fd00::5", "10.0.0.0/8 fd00::/8"));
    assert_true(address_text_in("1.2.3.4", "0.0.0.0/0"));
    assert_false(address_text_in("1.2.3.4", NULL));
    assert_false(address_text_in("1.2.3.4", ""));
    assert_false(address_text_in("nonsense", "0.0.0.0/0"));
    assert_true(address_list_valid("127.0.0.1, ::1 10.0.0.0/8"));
    assert_true(address_list_valid(NULL));
    assert_false(address_list_valid("localhost"));
    assert_false(address_list_valid("10.0.0.0/33"));
    assert_false(address_list_valid("10.0.0.0/x"));
    assert_false(address_list_valid("::1/129"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_public),
        cmocka_unit_test(test_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
