/* test_metrics.c - the status object as Prometheus text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "control/metrics.h"

static void test_metrics(void **state)
{
    static const char status[] =
        "{\"gateway\":{\"version\":\"1\",\"since\":1500,\"store_full\":true,"
        "\"counters\":{\"poison\":3}},"
        "\"networks\":[{\"name\":\"a\\\"b\\\\\",\"state\":\"online\","
        "\"queue\":{\"to_line\":{\"queued\":7}}}],"
        "\"lines\":[{\"name\":\"l\",\"network\":\"n\",\"driver\":\"d\","
        "\"state\":\"waiting\",\"parts_sent\":9}]}";
    static const char *const expected[] = {
        "\nmoongate_info{version=\"1\"} 1\n",
        "\nmoongate_start_time_seconds 1.5\n",
        "\nmoongate_store_full 1\n",
        "\nmoongate_network_up{network=\"a\\\"b\\\\\"} 1\n",
        "\nmoongate_line_up{line=\"l\",network=\"n\",driver=\"d\"} 0\n",
        "\nmoongate_parts_sent_total{line=\"l\",network=\"n\",driver=\"d\"} "
        "9\n",
        "\nmoongate_poison_total 3\n",
        "\nmoongate_messages{network=\"a\\\"b\\\\\",direction=\"to_line\","
        "state=\"queued\"} 7\n",
        "# TYPE moongate_parts_sent_total counter\n",
    };
    struct json_object *object = json_tokener_parse(status);
    struct buf out;

    (void)state;
    buf_init(&out, 100000);
    metrics_write(object, &out);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        if (!strstr(buf_text(&out), expected[i]))
            fail_msg("no %s in\n%s", expected[i], buf_text(&out));
    }
    buf_free(&out);
    json_object_put(object);
    object = json_tokener_parse("{}"); /* nothing may be needed */
    metrics_write(object, &out);
    buf_free(&out);
    json_object_put(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_metrics) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
