/* test_config.c - every kind of mistake in a configuration is told with its
 * place and the way out; what is right arrives as typed values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "toolkit/config.h"
#include "toolkit/suggest.h"

static const struct option daemon_options[] = {
    { .key = "state_dir",
      .type = OPT_TEXT,
      .fallback = "/var/lib/x",
      .help = "where" },
    { .key = "limit",
      .type = OPT_INT,
      .fallback = "10",
      .min = 1,
      .max = 99,
      .help = "how many" },
    { .key = "level",
      .type = OPT_ENUM,
      .fallback = "info",
      .choices = "error|warn|info",
      .help = "how loud" },
    { .key = "quick", .type = OPT_BOOL, .fallback = "false", .help = "hurry" },
    { .key = "admins", .type = OPT_LIST, .help = "who" },
    { .key = "hosts", .type = OPT_LIST, .fallback = "a,b", .help = "where" },
    { 0 },
};

static const struct option line_options[] = {
    { .key = "code",
      .type = OPT_TEXT,
      .flags = OPT_DIGITS,
      .fallback = "",
      .help = "digits" },
    { .key = "driver",
      .type = OPT_TEXT,
      .flags = OPT_REQUIRED,
      .help = "the kind of line" },
    { .key = "secret",
      .type = OPT_TEXT,
      .flags = OPT_SECRET,
      .help = "password" },
    { 0 },
};

static const struct option modem_options[] = {
    { .key = "device",
      .type = OPT_TEXT,
      .flags = OPT_REQUIRED,
      .help = "the serial port" },
    { .key = "baud",
      .type = OPT_INT,
      .fallback = "0",
      .min = 0,
      .max = 4000000,
      .help = "speed" },
    { 0 },
};

static const struct option *pick(const char *value)
{
    return strcmp(value, "modem") == 0 ? modem_options : NULL;
}

static const struct option *const daemon_tables[] = { daemon_options, NULL };
static const struct option *const line_tables[] = { line_options, NULL };

static const struct config_section sections[] = {
    { .name = "gateway", .tables = daemon_tables },
    { .name = "lines",
      .named = true,
      .tables = line_tables,
      .pick_key = "driver",
      .pick = pick,
      .pick_names = "modem" },
    { 0 },
};

struct fixture {
    char folder[32];
    char path[64], extra[64];
    struct buf told; /* every report, one a line, without the folder */
    unsigned reports;
    struct err err;
    struct config *config;
};

static void save(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    text_copy(f->folder, sizeof(f->folder), "/tmp/test-config-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof(f->path), "%s/x.conf", f->folder);
    snprintf(f->extra, sizeof(f->extra), "%s/extra.conf", f->folder);
    buf_init(&f->told, 65536);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    config_free(f->config);
    buf_free(&f->told);
    unlink(f->path);
    unlink(f->extra);
    rmdir(f->folder);
    free(f);
    return 0;
}

static void on_report(void *arg, const char *line)
{
    struct fixture *f = arg;

    assert_memory_equal(line, f->folder, strlen(f->folder));
    buf_addf(&f->told, "%s\n", line + strlen(f->folder) + 1);
    f->reports++;
}

static bool load(struct fixture *f, const char *text)
{
    config_free(f->config);
    buf_reset(&f->told);
    f->reports = 0;
    f->err = (struct err){ 0 };
    save(f->path, text);
    f->config = config_load(f->path, sections, on_report, f, &f->err);
    return f->config != NULL;
}

static void assert_told(struct fixture *f, const char *text)
{
    if (!strstr(buf_text(&f->told), text))
        fail_msg("expected \"%s\" in:\n%s", text, buf_text(&f->told));
}

/* One wrong file, one exact report. */
static void assert_mistake(struct fixture *f, const char *text,
                           const char *expected)
{
    assert_false(load(f, text));
    assert_int_equal(f->reports, 1);
    assert_told(f, expected);
    assert_int_equal(f->err.kind, ERR_CONFIG);
    assert_non_null(strstr(f->err.text, ": "));
}

static void gives_defaults(void **state)
{
    struct fixture *f = *state;
    const struct settings *s;

    assert_true(load(f, ""));
    s = config_group(f->config, "gateway");
    assert_string_equal(settings_name(s), "gateway");
    assert_string_equal(settings_text(s, "state_dir"), "/var/lib/x");
    assert_int_equal(settings_int(s, "limit"), 10);
    assert_int_equal(settings_enum(s, "level"), 2);
    assert_false(settings_bool(s, "quick"));
    assert_int_equal(settings_list_size(s, "admins"), 0);
    assert_int_equal(settings_list_size(s, "hosts"), 2);
    assert_string_equal(settings_list_item(s, "hosts", 1), "b");
    assert_null(config_named(f->config, "lines", 0));
}

static void reads_values(void **state)
{
    struct fixture *f = *state;
    const struct settings *s;

    assert_true(load(f, "gateway = { state_dir = \"/x\"; limit = 99;\n"
                        "level = \"error\"; quick = true;\n"
                        "admins = [ \"a@b\", \"c@d\" ]; hosts = ( ); };\n"
                        "lines = { one = { driver = \"modem\";\n"
                        "device = \"/dev/x\"; secret = \"pw\"; };\n"
                        "two = { driver = \"modem\"; device = \"y\";\n"
                        "baud = 9600; code = 44; }; };\n"));
    s = config_group(f->config, "gateway");
    assert_string_equal(settings_text(s, "state_dir"), "/x");
    assert_int_equal(settings_int(s, "limit"), 99);
    assert_int_equal(settings_enum(s, "level"), 0);
    assert_string_equal(settings_text(s, "level"), "error");
    assert_true(settings_bool(s, "quick"));
    assert_int_equal(settings_list_size(s, "admins"), 2);
    assert_string_equal(settings_list_item(s, "admins", 1), "c@d");
    assert_int_equal(settings_list_size(s, "hosts"), 0);
    s = config_named(f->config, "lines", 0);
    assert_string_equal(settings_name(s), "one");
    assert_string_equal(settings_text(s, "secret"), "pw");
    assert_int_equal(settings_int(s, "baud"), 0);
    s = config_named(f->config, "lines", 1);
    assert_string_equal(settings_name(s), "two");
    assert_int_equal(settings_int(s, "baud"), 9600);
    assert_string_equal(settings_text(s, "code"), "44");
    assert_null(settings_text(s, "secret"));
    assert_null(config_named(f->config, "lines", 2));
}

static void knows_places(void **state)
{
    struct fixture *f = *state;
    const struct settings *s;
    char expected[128];

    save(f->extra, "\none = { driver = \"modem\";\n device = \"x\"; };\n");
    assert_true(load(f, "gateway = {\n limit = 5;\n};\n"
                        "lines = {\n@include \"extra.conf\"\n};\n"));
    s = config_group(f->config, "gateway");
    snprintf(expected, sizeof(expected), "%s:2", f->path);
    assert_string_equal(config_place(f->config, s, "limit"), expected);
    snprintf(expected, sizeof(expected), "%s:1", f->path);
    assert_string_equal(config_place(f->config, s, "quick"), expected);
    s = config_named(f->config, "lines", 0);
    snprintf(expected, sizeof(expected), "%s:3", f->extra);
    assert_string_equal(config_place(f->config, s, "device"), expected);
}

static void tells_single_mistakes(void **state)
{
    static const struct {
        const char *text, *told;
    } cases[] = {
        { "gateway = { limt = 5; };",
          "x.conf:1: gateway.limt: unknown option; did you mean limit?" },
        { "gateway = {\n\n zzzzzz = 5; };",
          "x.conf:3: gateway.zzzzzz: unknown option; moongate options" },
        { "gatewy = { limit = 5; };",
          "x.conf:1: unknown section gatewy; did you mean gateway?" },
        { "gateway = { limit = 100; };",
          "gateway.limit: expected a number from 1 to 99, found 100" },
        { "gateway = { limit = 0; };",
          "gateway.limit: expected a number from 1 to 99, found 0" },
        { "gateway = { limit = 99999999999L; };", "found 99999999999" },
        { "gateway = { limit = \"5\"; };",
          "expected a number from 1 to 99, found text; write it without" },
        { "gateway = { limit = 5.5; };", "found a number with a point" },
        { "gateway = { state_dir = 5; };",
          "expected text in quotes, found a number; write \"5\"" },
        { "gateway = { state_dir = { }; };", "found a group { }" },
        { "gateway = { quick = \"yes\"; };",
          "expected true or false, found text" },
        { "gateway = { level = \"loud\"; };",
          "expected one of \"error\", \"warn\", \"info\", found \"loud\"" },
        { "gateway = { admins = \"a@b\"; };", "found text; write [ \"a@b\" ]" },
        { "gateway = { admins = [ 1, 2 ]; };", "gateway.admins: expected a" },
        { "gateway = { state_dir = \"\xff\"; };", "not valid UTF-8" },
        { "gateway = { admins = [ \"\xff\" ]; };", "not valid UTF-8" },
        { "lines = { one = { driver = \"modem\"; device = \"x\";\n"
          "code = \"4a\"; }; };",
          "lines.one.code: expected digits, found \"4a\"" },
        { "lines = { one = { driver = \"modem\"; device = \"x\";\n"
          "code = 00; }; };",
          "lines.one.code: write digits that begin with 0 in quotes" },
        { "lines = { one = { driver = \"modem\"; device = \"x\";\n"
          "code = -4; }; };",
          "lines.one.code: expected digits, found \"-4\"" },
        { "gateway = 5;", "x.conf:1: gateway must be a group: gateway = {" },
        { "lines = { one = 5; };", "x.conf:1: one must be a group: one = {" },
        { "lines = {\n one = { driver = \"modem\"; };\n};",
          "x.conf:2: lines.one.device: is missing; expected text in quotes: "
          "the serial port" },
        { "lines = { one = { device = \"x\"; }; };",
          "lines.one.driver: is missing" },
        { "lines = { one = { driver = \"moden\"; device = \"x\"; }; };",
          "unknown driver \"moden\"; there is modem; did you mean modem?" },
        { "lines = { one = { driver = \"modem\"; device = \"\"; }; };",
          "lines.one.device: must not be empty" },
        { "lines = { one = { driver = \"modem\"; device = \"x\";\n"
          "secret = \"file:/nonexistent/s\"; }; };",
          "x.conf:2: lines.one.secret: " },
        { "gateway = {\n limit = 5;\n limit = 6;\n};",
          "x.conf:3: duplicate setting limit: remove" },
        { "gateway = {\n limit = 5;\n};\ngateway = { };",
          "x.conf:4: duplicate setting gateway: remove" },
        { "gateway = {\n limit = 5; level = \"info\"; limit = 6;\n};",
          "x.conf:2: duplicate setting: remove" },
        { "gateway = {\n limit = ;\n};", "x.conf:2: syntax error: look" },
        { "@include \"nothing.conf\"\n", "x.conf:1: " },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_mistake(*state, cases[i].text, cases[i].told);
}

static void tells_all_mistakes(void **state)
{
    struct fixture *f = *state;

    save(f->extra, "one = { driver = \"modem\";\n devise = \"x\"; };\n");
    assert_false(load(f, "gateway = {\n limit = 500;\n quick = 1;\n"
                         " admin = [ ];\n};\n"
                         "lines = {\n@include \"extra.conf\"\n};\n"
                         "other = 1;\n"));
    assert_int_equal(f->reports, 6);
    assert_told(f, "x.conf:2: gateway.limit: ");
    assert_told(f, "x.conf:3: gateway.quick: ");
    assert_told(f, "x.conf:4: gateway.admin: unknown option; did you mean "
                   "admins?");
    assert_told(f, "extra.conf:2: lines.one.devise: unknown option; did you "
                   "mean device?");
    assert_told(f, "extra.conf:1: lines.one.device: is missing");
    assert_told(f, "x.conf:9: unknown section other");
}

static void tells_secret_is_missing_without_it(void **state)
{
    struct fixture *f = *state;

    assert_false(load(f, "lines = { one = { driver = \"modem\"; device = 1;\n"
                         "secret = 5555; }; };"));
    assert_int_equal(f->reports, 2);
    assert_null(strstr(buf_text(&f->told), "5555"));
}

static void resolves_secrets(void **state)
{
    struct fixture *f = *state;
    char text[256];

    save(f->extra, "hush\nmore\n");
    assert_int_equal(chmod(f->extra, 0600), 0);
    snprintf(text, sizeof(text),
             "lines = { a = { driver = \"modem\"; device = \"x\";\n"
             "secret = \"file:%s\"; };\n"
             "b = { driver = \"modem\"; device = \"x\";\n"
             "secret = \"env:TEST_CONFIG_SECRET\"; }; };",
             f->extra);
    assert_int_equal(setenv("TEST_CONFIG_SECRET", "quiet", 1), 0);
    assert_true(load(f, text));
    assert_string_equal(
        settings_text(config_named(f->config, "lines", 0), "secret"), "hush");
    assert_string_equal(
        settings_text(config_named(f->config, "lines", 1), "secret"), "quiet");
    assert_int_equal(unsetenv("TEST_CONFIG_SECRET"), 0);
    assert_false(load(f, text));
    assert_told(f, "x.conf:4: lines.b.secret: ");
}

static void tells_unreadable_files(void **state)
{
    struct fixture *f = *state;
    struct err err = { 0 };

    assert_null(config_load("/nonexistent/x", sections, NULL, NULL, &err));
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_non_null(strstr(err.text, "/nonexistent/x: cannot read"));
    err = (struct err){ 0 };
    assert_null(config_load(f->folder, sections, NULL, NULL, &err));
    assert_non_null(strstr(err.text, "is a folder"));
}

static void peeks_into_wrong_files(void **state)
{
    struct fixture *f = *state;
    struct err err = { 0 };
    char *text;

    save(f->path, "gateway = { state_dir = \"/y\"; wrong = 1; };");
    text = config_peek(f->path, "gateway.state_dir", &err);
    assert_string_equal(text, "/y");
    free(text);
    text = config_peek(f->path, "gateway.nothing", &err);
    assert_string_equal(text, "");
    free(text);
    assert_null(config_peek("/nonexistent/x", "a", &err));
    assert_int_equal(err.kind, ERR_CONFIG);
}

static void builds_groups_by_hand(void **state)
{
    static const char *const pairs[] = { "limit=7", "quick=true",
                                         "admins=a,b,c", "level=warn" };
    static const char *const wrong[] = { "limit=x", "limit=100", "quick=1",
                                         "level=",  "nothing=1", "limit" };
    struct err err = { 0 };
    struct settings *a, *b;

    (void)state;
    a = settings_new(daemon_options, "a", pairs, 4, &err);
    assert_non_null(a);
    assert_int_equal(settings_int(a, "limit"), 7);
    assert_true(settings_bool(a, "quick"));
    assert_int_equal(settings_list_size(a, "admins"), 3);
    assert_int_equal(settings_enum(a, "level"), 1);
    b = settings_new(daemon_options, "a", pairs, 4, &err);
    assert_true(settings_equal(a, b));
    settings_free(b);
    b = settings_new(daemon_options, "a", pairs, 3, &err);
    assert_false(settings_equal(a, b));
    settings_free(b);
    settings_free(a);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_null(settings_new(daemon_options, "a", &wrong[i], 1, &err));
    assert_null(settings_new(modem_options, "a", NULL, 0, &err));
    assert_string_equal(err.text, "device is missing");
}

static void suggests_slips_only(void **state)
{
    static const struct {
        const char *word, *candidate;
        bool near;
    } cases[] = {
        { "devise", "device", true }, { "registraton", "registration", true },
        { "admin", "admins", true },  { "server", "secret", false },
        { "zzz", "ttl", false },      { "contry_cod", "country_code", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *best = NULL;
        unsigned distance = SUGGEST_FAR;

        suggest(cases[i].word, cases[i].candidate, &best, &distance);
        assert_int_equal(best != NULL, cases[i].near);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gives_defaults),         TEST(reads_values),
        TEST(knows_places),           TEST(tells_single_mistakes),
        TEST(tells_all_mistakes),     TEST(tells_secret_is_missing_without_it),
        TEST(resolves_secrets),       TEST(tells_unreadable_files),
        TEST(peeks_into_wrong_files), TEST(builds_groups_by_hand),
        TEST(suggests_slips_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
