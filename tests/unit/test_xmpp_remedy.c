/* test_xmpp_remedy.c - the lines that a server lacks, with our names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "xmpp/remedy.h"

static const struct trouble_names names = { "sms", "sms.example.org",
                                            "127.0.0.1:5347" };

static void knows_servers_by_their_names(void **state)
{
    (void)state;
    assert_int_equal(remedy_server("Prosody 0.12.3"), SERVER_PROSODY);
    assert_int_equal(remedy_server("ejabberd"), SERVER_EJABBERD);
    assert_int_equal(remedy_server("Openfire Server"), SERVER_OPENFIRE);
    assert_int_equal(remedy_server("Tigase ver. 8.3.0"), SERVER_TIGASE);
    assert_int_equal(remedy_server("jabberd"), SERVER_UNKNOWN);
    assert_int_equal(remedy_server(""), SERVER_UNKNOWN);
}

static void leaves_no_sign_unexpanded(void **state)
{
    (void)state;
    for (int lack = LACK_COMPONENT; lack <= LACK_OWN_ROUTE; lack++)
        for (int server = SERVER_UNKNOWN; server < SERVERS; server++) {
            char *lines = remedy_lines(lack, server, &names);

            assert_null(strchr(lines, '%'));
            free(lines);
        }
}

static void says_names_domain_and_port(void **state)
{
    char *lines = remedy_lines(LACK_COMPONENT, SERVER_EJABBERD, &names);

    (void)state;
    assert_non_null(strstr(lines, "port: 5347\n"));
    assert_non_null(strstr(lines, "      sms.example.org:\n"));
    assert_non_null(strstr(lines, "networks.sms.secret"));
    free(lines);
    lines = remedy_lines(LACK_LISTING, SERVER_PROSODY, &names);
    assert_non_null(strstr(lines, "VirtualHost \"example.org\"\n"));
    free(lines);
    lines = remedy_lines(LACK_COMPONENT, SERVER_OPENFIRE, &names);
    assert_non_null(strstr(lines, "add the subdomain sms\n"));
    free(lines);
}

static void finds_the_port_of_any_server(void **state)
{
    static const struct {
        const char *server, *port;
    } cases[] = {
        { "xmpp.example.org:8888", "port: 8888\n" },
        { "[::1]:5275", "port: 5275\n" },
        { "[::1]", "port: 5347\n" },
        { "localhost", "port: 5347\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct trouble_names other = names;
        char *lines;

        other.server = cases[i].server;
        lines = remedy_lines(LACK_OWN_ROUTE, SERVER_EJABBERD, &other);
        assert_non_null(strstr(lines, cases[i].port));
        free(lines);
    }
}

static void shows_all_servers_when_it_is_unknown(void **state)
{
    char *lines = remedy_lines(LACK_COMPONENT, SERVER_UNKNOWN, &names);

    (void)state;
    assert_non_null(strstr(lines, "Prosody (prosody.cfg.lua):\nComponent"));
    assert_non_null(strstr(lines, "ejabberd (ejabberd.yml):\nlisten:"));
    assert_non_null(strstr(lines, "Openfire (admin console):\n"));
    assert_non_null(strstr(lines, "Tigase (etc/config.tdsl):\n"));
    free(lines);
    lines = remedy_lines(LACK_LISTING, SERVER_OPENFIRE, &names);
    assert_string_equal(lines, "");
    free(lines);
}

/* Who adds the service pastes this part with it; a scenario shows it work. */
static void gives_slots_as_with_a_new_service(void **state)
{
    char *slot = remedy_lines(LACK_SLOT, SERVER_EJABBERD, &names);
    char *upload = remedy_lines(LACK_UPLOAD, SERVER_EJABBERD, &names);
    char *rules = strstr(slot, "modules:");

    (void)state;
    assert_non_null(rules);
    assert_memory_equal(slot, upload, (size_t)(rules - slot));
    free(slot);
    free(upload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_servers_by_their_names),
        cmocka_unit_test(leaves_no_sign_unexpanded),
        cmocka_unit_test(says_names_domain_and_port),
        cmocka_unit_test(finds_the_port_of_any_server),
        cmocka_unit_test(shows_all_servers_when_it_is_unknown),
        cmocka_unit_test(gives_slots_as_with_a_new_service),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
