/* test_http_provider.c - provider files: what is right, what is told about what
 * is not, the request they make and what they make of answers and events. */
#include "on_provider.h"

#include <json-c/json.h>

#include "http/json.h"

#define SMALL                                                                  \
    "title = \"T\";\nvariables = { base = { help = \"b\"; }; key = { help = "  \
    "\"k\"; secret = true; }; };\n"                                            \
    "send = { url = \"{base}/send\"; form = { to = \"{to}\"; text = "          \
    "\"{text}\"; k = \"{key}\"; o = \"{from?}\"; }; };\n"

struct mistake {
    const char *text, *line, *words;
};

static const struct mistake mistakes[] = {
    { "title = \"T\";\nsend = ;\n", ":2:", "syntax error" },
    { "title = \"T\";\n", ":1:", "send = { url = ...; }; is missing" },
    { "send = { url = \"x\"; };\n", ":1:", "title" },
    { SMALL "hocks = { };\n", ":4:", "did you mean hooks?" },
    { "title = \"T\";\nsend = { url = \"{to}{text}\"; methud = \"GET\"; };\n",
      ":2:", "did you mean method?" },
    { "title = \"T\";\nsend = {\n url = \"{to}{txt}\"; };\n",
      ":3:", "no value {txt}; there is to, text" },
    { "title = \"T\";\nsend = {\n url = \"{to|digts}{text}\"; };\n",
      ":3:", "no filter \"digts\"; there is digits" },
    { "title = \"T\";\nsend = { url = \"u\";\n json = {\n a = \"{to\"; }; };\n",
      ":4:", "a lone {" },
    { "title = \"T\";\nsend = { url = \"u\";\n json = \"{\"; };\n",
      ":3:", "not JSON" },
    { "title = \"T\";\nsend = { url = \"{to}\"; };\n",
      ":2:", "must use {to} and {text}" },
    { "title = \"T\";\nsend = { url = \"u\"; form = { }; json = { }; };\n",
      ":2:", "one of form, json and raw" },
    { "title = \"T\";\nsend = { url = \"u\"; method = \"DELETE\"; };\n",
      ":2:", "GET, POST or PUT" },
    { "title = 3;\n", ":1:", "expected a text in quotes" },
    { SMALL "result = { id = \"/~3\"; };\n", ":4:", "no JSON pointer" },
    { SMALL "result = { id = \"~(\"; };\n", ":4:", "no expression" },
    { SMALL "result = { rules = ( { status = \"2xx\"; then = \"acepted\"; } ); "
            "};\n",
      ":4:", "did you mean accepted?" },
    { SMALL "result = { rules = ( { at = \"/a\"; then = \"auth\"; } ); };\n",
      ":4:", "belong together" },
    { SMALL "result = { rules = ( { status = \"ok\"; then = \"auth\"; } ); "
            "};\n",
      ":4:", "2xx|409" },
    { SMALL "limits = { parts = 1000; };\n", ":4:", "from 1 to 255" },
    { SMALL "idempotent = true;\n", ":4:", "uses no {id}" },
    { SMALL "callback = \"x\";\n", ":4:", "there is no hook" },
    { SMALL "hooks = { h = { }; };\n", ":4:", "is missing" },
    { SMALL "hooks = { h = { message = { from = \"f\"; }; }; };\n",
      ":4:", "text = \"...\" is missing" },
    { SMALL "hooks = { h = { report = { id = \"i\"; status = \"s\"; delivered "
            "= \"d\"; }; }; };\n",
      ":4:", "failed = \"...\" is missing" },
    { SMALL "hooks = { h = { message = { from = \"f\"; text = \"t\"; set = "
            "\"s\"; }; }; };\n",
      ":4:", "set, part and parts belong together" },
    { SMALL "hooks = { h = { verify = ( { kind = \"hmac\"; key = \"{key}\"; "
            "at = \"header:S\"; } ); message = { from = \"f\"; text = \"t\"; "
            "}; }; };\n",
      ":4:", "input = [ ... ] is missing" },
    { SMALL "hooks = { h = { verify = ( { kind = \"hmc\"; } ); }; };\n",
      ":4:", "did you mean hmac?" },
    { SMALL "hooks = { h = { verify = ( { kind = \"hmac\"; key = \"{key}\"; "
            "at = \"s\"; input = [ \"uri\" ]; } ); }; };\n",
      ":4:", "expected url" },
    { "title = \"T\";\nvariables = { text = { help = \"x\"; }; };\n",
      ":2:", "has a meaning already" },
    { "title = \"T\";\nvariables = { a = { help = \"x\"; secret = true; "
      "default = \"y\"; }; };\n",
      ":2:", "no default" },
};

static void test_mistakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        struct err err = { 0 };

        if (provider_with(mistakes[i].text, &err))
            fail_msg("%s is right?", mistakes[i].text);
        assert_int_equal(err.kind, ERR_CONFIG);
        if (!strstr(err.text, mistakes[i].line) ||
            !strstr(err.text, mistakes[i].words))
            fail_msg("%s\n gave: %s", mistakes[i].text, err.text);
    }
    struct err err = { 0 };
    assert_null(provider_load("/no/such/file", &err));
    assert_null(provider_load("/tmp", &err));
    assert_null(provider_load("no-such-provider", &err));
    assert_non_null(strstr(err.text, "there is no provider file"));
}

static void test_shipped(void **state)
{
    static const char *const shipped[] = {
        "kannel",
        "twilio",
        "vonage",
        "plivo",
        "httpsms",
        "onebot",
        "android-sms-gateway",
    };
    struct err err = { 0 };
    char path[100];

    (void)state;
    for (size_t i = 0; i < sizeof(shipped) / sizeof(shipped[0]); i++) {
        snprintf(path, sizeof(path), "conf/providers/%s.conf", shipped[i]);
        if (access(path, R_OK) != 0)
            skip(); /* not started in the project's folder */
        struct provider *provider = provider_load(path, &err);
        if (!provider)
            fail_msg("%s", err.text);
        struct option *options = provider_options(provider);
        for (const struct option *o = options; o->key; o++)
            assert_true(*o->help);
        free(options);
        provider_free(provider);
    }
}

static void test_request(void **state)
{
    const char *values[VALUES_MAX] = { [VALUE_TO] = "+44",
                                       [VALUE_TEXT] = "a&b",
                                       [VALUES_OWN] = "http://h",
                                       [VALUES_OWN + 1] = "k=1" };
    struct provider *provider = provider_with(SMALL, NULL);
    struct rendered rendered;

    (void)state;
    assert_non_null(provider);
    assert_true(request_render(provider_send(provider, "+44")->request, values,
                               &rendered, NULL));
    assert_string_equal(rendered.url, "http://h/send");
    assert_string_equal(rendered.method, "POST");
    assert_string_equal(buf_text(&rendered.body),
                        "to=%2B44&text=a%26b&k=k%3D1");
    assert_string_equal(rendered.headers[0].value,
                        "application/x-www-form-urlencoded");
    rendered_free(&rendered);
    provider_free(provider);
}

/* A value cannot change the shape of JSON, nor a header's end. */
static void test_injection(void **state)
{
    static const char file[] =
        "title = \"T\"; send = { url = \"http://h/{to}\"; headers = { X = "
        "\"{from}\"; }; json = { t = \"{text}\"; n = \"{to|number}\"; l = [ "
        "\"{to}\", \"{none?}\" ]; o = \"{none?}\"; k = 5; b = true; }; };\n"
        "variables = { none = { help = \"n\"; default = \"\"; }; };";
    const char *values[VALUES_MAX] = {
        [VALUE_TO] = "44", [VALUE_TEXT] = "\",\"x\":\"\\", [VALUE_FROM] = "ok"
    };
    struct provider *provider = provider_with(file, NULL);
    struct rendered rendered;
    struct err err;

    (void)state;
    assert_non_null(provider);
    const struct request *request = provider->sends[0].request;
    assert_true(request_render(request, values, &rendered, NULL));
    assert_string_equal(buf_text(&rendered.body),
                        "{\"t\":\"\\\",\\\"x\\\":\\\"\\\\\",\"n\":44,"
                        "\"l\":[\"44\"],\"k\":5,\"b\":true}");
    rendered_free(&rendered);
    values[VALUE_TO] = "../../evil?x#y";
    assert_true(request_render(request, values, &rendered, NULL));
    assert_string_equal(rendered.url, "http://h/..%2F..%2Fevil%3Fx%23y");
    rendered_free(&rendered);
    values[VALUE_FROM] = "a\r\nX-Evil: 1";
    assert_false(request_render(request, values, &rendered, &err));
    provider_free(provider);
}

struct answer {
    int status, retry_after;
    const char *body;
    enum verdict verdict;
    enum err_kind kind;
    int retry;
    const char *id;
};

static const struct answer answers[] = {
    { 200, 0, "{\"id\":\"a1\"}", VERDICT_ACCEPTED, ERR_NONE, 0, "a1" },
    { 202, 0, "", VERDICT_ACCEPTED, ERR_NONE, 0, "" },
    { 200, 0, "{\"m\":[{\"s\":\"0\"},{\"s\":\"0\"}]}", VERDICT_ACCEPTED,
      ERR_NONE, 0, "" },
    { 200, 0, "{\"m\":[{\"s\":\"0\"},{\"s\":\"1\"}]}", VERDICT_FAILED,
      ERR_LIMITED, 0, NULL },
    { 200, 0, "{\"m\":[{\"s\":\"77\"}]}", VERDICT_FAILED, ERR_REJECTED, 0,
      NULL },
    { 400, 0, "{\"e\":\"x\"}", VERDICT_FAILED, ERR_REJECTED, 0, NULL },
    { 401, 0, "", VERDICT_FAILED, ERR_AUTH, 0, NULL },
    { 403, 0, "", VERDICT_FAILED, ERR_AUTH, 0, NULL },
    { 404, 0, "", VERDICT_FAILED, ERR_REJECTED, 0, NULL },
    { 408, 0, "", VERDICT_FAILED, ERR_TEMPORARY, 0, NULL },
    { 409, 0, "", VERDICT_ACCEPTED, ERR_NONE, 0, "" },
    { 429, 7, "", VERDICT_FAILED, ERR_LIMITED, 7, NULL },
    { 429, 0, "{\"wait\":2.5}", VERDICT_FAILED, ERR_LIMITED, 3, NULL },
    { 500, 0, "<html>", VERDICT_FAILED, ERR_TEMPORARY, 0, NULL },
    { 503, 9, "", VERDICT_FAILED, ERR_TEMPORARY, 9, NULL },
    { 302, 0, "", VERDICT_FAILED, ERR_CONFIG, 0, NULL },
    { 599, 0, "", VERDICT_UNSURE, ERR_UNKNOWN, 0, NULL },
};

static void test_answers(void **state)
{
    struct provider *provider = provider_with(
        SMALL "result = { id = \"/id\"; text = \"/e\"; retry_after = "
              "\"/wait\"; rules = ( { status = \"409\"; then = \"accepted\"; "
              "}, { at = \"/m/*/s\"; is = \"1|2\"; then = \"limited\"; }, { "
              "at = \"/m/*/s\"; not = \"0\"; then = \"rejected\"; }, { status "
              "= \"590-599\"; then = \"unsure\"; } ); };",
        NULL);

    (void)state;
    assert_non_null(provider);
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const struct answer *a = &answers[i];
        struct payload payload = { .body = a->body, .size = strlen(a->body) };
        struct outcome outcome;

        payload.json = json_parse(a->body, payload.size);
        result_map(provider->result, a->status, a->retry_after, &payload,
                   &outcome);
        json_object_put(payload.json);
        if (outcome.verdict != a->verdict || outcome.err.kind != a->kind ||
            outcome.err.retry_after != a->retry)
            fail_msg("%d %s: verdict %d, %s, retry %d", a->status, a->body,
                     outcome.verdict, outcome.err.text,
                     outcome.err.retry_after);
        if (a->id)
            assert_string_equal(outcome.remote_id, a->id);
    }
    provider_free(provider);
}

static const char events_file[] = SMALL
    "hooks = { h = { body = \"json\"; each = \"/list\"; events = ("
    "{ when = { at = \"/t\"; is = \"msg\"; }; message = { from = \"/f|plus\"; "
    "from_prefix = \"p-\"; text = \"/x\"; id = \"/i\"; at = \"/d\"; set = "
    "\"/s\"; part = \"/n\"; parts = \"/m\"; }; },"
    "{ when = ( { at = \"/t\"; is = \"st\"; }, { at = \"/skip\"; not = \"1\"; "
    "} ); report = { id = \"/i\"; status = \"/w\"; code = \"/c\"; delivered = "
    "\"D|DD\"; read = \"R\"; failed = \"F\"; rules = ( { at = \"/c\"; is = "
    "\"7\"; then = \"unreachable\"; } ); }; } ); }; };";

static void find(const struct provider *provider, const char *member,
                 struct found *found, bool good)
{
    struct payload whole, one;
    struct err err;
    char *body = xasprintf("{\"list\":[%s]}", member);

    assert_true(
        payload_parse(&provider->hooks[0], body, strlen(body), "", &whole));
    assert_true(payload_member(&provider->hooks[0], &whole, 0, &one));
    assert_int_equal(event_find(&provider->hooks[0], &one, found, &err), good);
    assert_false(payload_member(&provider->hooks[0], &whole, 1, &one));
    payload_free(&whole);
    free(body);
}

static void test_events(void **state)
{
    struct provider *provider = provider_with(events_file, NULL);
    struct found found;

    (void)state;
    assert_non_null(provider);
    assert_int_equal(provider_caps(provider),
                     CAP_DELIVERED | CAP_READ | CAP_FRAGMENTS);
    find(provider,
         "{\"t\":\"msg\",\"f\":\"447700900123\",\"x\":\"hi\",\"i\":9,"
         "\"d\":1732181400,\"s\":\"q\",\"n\":2,\"m\":\"3\"}",
         &found, true);
    assert_string_equal(found.chat, "p-+447700900123");
    assert_string_equal(found.text, "hi");
    assert_string_equal(found.id, "9");
    assert_int_equal(found.part, 2);
    assert_int_equal(found.parts, 3);
    assert_true(found.at == 1732181400000);
    found_free(&found);
    find(provider, "{\"t\":\"msg\",\"f\":\"44\"}", &found, false);
    found_free(&found);
    find(provider, "{\"t\":\"st\",\"i\":\"a\",\"w\":\"DD\"}", &found, true);
    assert_int_equal(found.report, REPORT_DELIVERED);
    found_free(&found);
    find(provider, "{\"t\":\"st\",\"i\":\"a\",\"w\":\"R\"}", &found, true);
    assert_int_equal(found.report, REPORT_READ);
    found_free(&found);
    find(provider, "{\"t\":\"st\",\"i\":\"a\",\"w\":\"Z\"}", &found, true);
    assert_int_equal(found.report, REPORT_PENDING);
    found_free(&found);
    find(provider, "{\"t\":\"st\",\"i\":\"a\",\"w\":\"F\",\"c\":7}", &found,
         true);
    assert_int_equal(found.report, REPORT_FAILED);
    assert_int_equal(found.err.kind, ERR_UNREACHABLE);
    assert_string_equal(found.err.code, "7");
    found_free(&found);
    find(provider, "{\"t\":\"st\",\"w\":\"F\"}", &found, false);
    found_free(&found);
    find(provider, "{\"t\":\"st\",\"skip\":1,\"i\":\"a\",\"w\":\"F\"}", &found,
         true);
    assert_null(found.event);
    found_free(&found);
    find(provider, "{}", &found, true);
    assert_null(found.event);
    find(provider, "null", &found, true);
    find(provider, "7", &found, true);
    provider_free(provider);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes), cmocka_unit_test(test_shipped),
        cmocka_unit_test(test_request),  cmocka_unit_test(test_injection),
        cmocka_unit_test(test_answers),  cmocka_unit_test(test_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
