/* test_at_vectors.c - the AT engine and its parsers against published replies:
 * the rows at-* of the table that MOONGATE_VECTORS names. */
#include "at_log.h"

enum { KIND = 0, TYPE = 1, TEXT = 14, DATA = 15, CELLS = 17 };

static void unescape(const char *cell, char *out, size_t size)
{
    static const char from[] = "tnr\\\"", to[] = "\t\n\r\\\"";
    size_t n = 0;

    for (; *cell != '\0' && n + 1 < size; cell++) {
        bool escape = cell[0] == '\\' && cell[1] != '\0';
        const char *at = escape ? strchr(from, cell[1]) : NULL;

        cell += at != NULL;
        out[n++] = at != NULL ? to[at - from] : *cell;
    }
    out[n] = '\0';
}

/* Both columns are lines; what the engine lets through of `data` when `echo`
 * was the command is what is in `text`. */
static void check_echo(const char *text, const char *data)
{
    char echo[256] = "";
    struct log log;
    const char *tail = strstr(data, text);
    struct at_command command = { .text = echo, .shape = AT_ANY };
    char want[512] = "";
    size_t n = 0;

    assert_non_null(tail);
    snprintf(echo, sizeof(echo), "%.*s", (int)(tail - data), data);
    for (const char *p = text; *p != '\0'; p++) {
        if (*p != '\r' && *p != '\n')
            want[n++] = *p;
        else if (n > 0 && want[n - 1] != '\n')
            want[n++] = '\n';
    }
    if (n > 0 && want[n - 1] != '\n')
        want[n] = '\n';
    log_open(&log);
    at_begin(&log.at, &command);
    at_feed(&log.at, data, strlen(data));
    at_feed(&log.at, "\r\n", 2);
    if (strstr(data, "NO CARRIER") || strstr(data, "CONNECT"))
        assert_int_equal(strncmp(buf_text(&log.out), "call ", 5), 0);
    else
        assert_string_equal(at_answer(&log.at), want);
    log_close(&log);
}

static void check_final(const char *text, const char *data)
{
    bool want_final = strstr(text, "final=TRUE") != NULL;
    bool want_error = strstr(text, "error=TRUE") != NULL;
    char line[256];
    struct at_final final;
    bool found;

    snprintf(line, sizeof(line), "%s", data + strspn(data, "\r\n"));
    line[strcspn(line, "\r\n")] = '\0';
    found = at_final_parse(line, &final);
    if (found != want_final)
        fail_msg("%s", line);
    if (found)
        assert_int_equal(final.code != AT_OK, want_error);
}

static void check_answer(const char *type, const char *answer)
{
    struct cnmi_choices cnmi;
    struct cpms_choices cpms;
    char text[256];
    int stat, act;

    if (strcmp(type, "at-cnmi") == 0)
        assert_true(parse_cnmi_choices(answer, &cnmi));
    else if (strcmp(type, "at-cpms") == 0)
        assert_true(parse_cpms_choices(answer, &cpms));
    else if (strncmp(type, "at-creg", 7) == 0)
        assert_true(parse_creg(answer, &stat, &act) &&
                    (stat == 1 || stat == 5));
    else if (strcmp(type, "at-model") == 0)
        assert_true(parse_line(answer, text, sizeof(text)) && text[0] != 0);
    else if (strcmp(type, "at-smsc") == 0)
        assert_true(parse_csca(answer, text, sizeof(text)) &&
                    strspn(text, "+0123456789") == strlen(text));
    else
        assert_true(parse_line(answer, text, sizeof(text)));
}

static void check_reply(const char *type, const char *data)
{
    struct log log;
    char command[AT_COMMAND_MAX + 1], prefix[32], answer[4096] = "";
    const char *rest = strchr(data, '\n');
    struct at_command asked = { .text = command, .shape = AT_ANY };

    if (rest == NULL || strncmp(data, "AT", 2) != 0) {
        expect(NULL, "+CUSD: 2,\"x\"\r\n", "ussd +CUSD: 2,\"x\";");
        return;
    }
    snprintf(command, sizeof(command), "%.*s", (int)strcspn(data, "\r\n"),
             data);
    if (command[strcspn(command, "=?")] != '\0') {
        snprintf(prefix, sizeof(prefix),
                 "%.*s:", (int)strcspn(command + 2, "=?"), command + 2);
        asked.shape = AT_LINES;
        asked.prefixes = prefix;
    }
    log_open(&log);
    at_begin(&log.at, &asked);
    at_feed(&log.at, data, strlen(data) - 2);
    snprintf(answer, sizeof(answer), "%s", at_answer(&log.at));
    at_feed(&log.at, "OK\r\n", 4);
    check_answer(type, answer);
    log_close(&log);
}

static void check_line(const char *type, const char *text, const char *data)
{
    struct slice fields[PARSE_FIELDS_MAX];
    size_t n = parse_fields(data, fields, PARSE_FIELDS_MAX);
    size_t i = strcmp(type, "cops") == 0 ? 2 : 1;
    char got[64], quoted[80];
    int stat, act;

    assert_true(n >= 2);
    if (strcmp(type, "creg") == 0) {
        assert_true(parse_creg(data, &stat, &act));
        assert_int_equal(stat, 1);
        return;
    }
    slice_copy(fields[i], got, sizeof(got));
    if (strcmp(type, "cusd") == 0) {
        assert_non_null(strstr(text, got));
        return;
    }
    snprintf(quoted, sizeof(quoted), text[0] == '"' ? "\"%s\"" : "%s", got);
    assert_string_equal(quoted, text);
}

static void check_row(char **cells, const char *text, const char *data,
                      unsigned *checked)
{
    const char *kind = cells[KIND];

    if (strcmp(kind, "at-echo") == 0)
        check_echo(text, data);
    else if (strcmp(kind, "at-final") == 0)
        check_final(text, data);
    else if (strcmp(kind, "at-reply") == 0)
        check_reply(cells[TYPE], data);
    else if (strcmp(kind, "at-line") == 0)
        check_line(cells[TYPE], text, data);
    else
        return;
    (*checked)++;
}

static void test_vectors(void **state)
{
    const char *path = getenv("MOONGATE_VECTORS");
    FILE *file = path != NULL ? fopen(path, "r") : NULL;
    static char line[65536], text[4096], data[4096];
    unsigned checked = 0;

    (void)state;
    if (file == NULL)
        skip();
    while (fgets(line, sizeof(line), file) != NULL) {
        char *cells[CELLS] = { 0 }, *rest = line;
        size_t n = 0;

        line[strcspn(line, "\n")] = '\0';
        while (n < CELLS && (cells[n] = strsep(&rest, "\t")) != NULL)
            n++;
        if (n < CELLS)
            continue;
        unescape(cells[TEXT], text, sizeof(text));
        unescape(cells[DATA], data, sizeof(data));
        check_row(cells, text, data, &checked);
    }
    fclose(file);
    print_message("%u rows\n", checked);
    assert_true(checked > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
