/* modems.c - lists the modems that are plugged in. The drivers look; here is
 * what is made of it: text for people with the lines to paste, or JSON, and
 * what to do when there is nothing. Ports that the running daemon holds are
 * told from its own status. */
#include "modems.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "control/client.h"
#include "control/table.h"
#include "core/facts.h"
#include "driver.h"
#include "drivers.h"
#include "toolkit/config.h"

enum { FOUND_MAX = 256, NAMES = 64 };

struct search {
    struct loop *loop;
    struct json_object *rows;   /* array of what was found */
    struct json_object *status; /* of the daemon; NULL: none */
    struct status found[FOUND_MAX];
    size_t n, ports;
    bool terminal;
};

static const char *text_of(struct json_object *object, const char *key)
{
    struct json_object *value;

    return json_object_object_get_ex(object, key, &value) && value
               ? json_object_get_string(value)
               : "";
}

static void set_text(struct json_object *object, const char *key,
                     const char *text)
{
    json_object_object_add(object, key, json_object_new_string(text));
}

/* --- looking --- */

static void on_progress(void *arg, const char *port, size_t i, size_t n)
{
    struct search *search = arg;

    if (search->terminal)
        fprintf(stderr, "\r\033[Klooking at %s (%zu of %zu)", port, i, n);
}

static struct status *on_found(void *arg)
{
    struct search *search = arg;
    struct status *status = &search->found[search->n % FOUND_MAX];

    search->n++;
    status->object = json_object_new_object();
    json_object_array_add(search->rows, status->object);
    return status;
}

static void on_done(void *arg, size_t ports)
{
    struct search *search = arg;

    search->ports += ports;
    loop_stop(search->loop);
}

static void on_closed(void *arg)
{
    struct search *search = arg;

    loop_stop(search->loop);
}

/* One driver after the other. */
static void look(struct search *search, char **ports, int n)
{
    struct discovery discovery = {
        .ports = (const char *const *)ports,
        .n_ports = (size_t)n,
        .progress = on_progress,
        .found = on_found,
        .done = on_done,
        .arg = search,
    };
    struct owner owner;

    search->loop = loop_new();
    owner_init(&owner, search->loop);
    for (const struct driver *const *d = drivers_all(); *d; d++) {
        if (!(*d)->discover)
            continue;
        (*d)->discover(&owner, &discovery);
        loop_run(search->loop);
    }
    owner_close(&owner, on_closed, search);
    loop_run(search->loop);
    loop_free(search->loop);
    if (search->terminal)
        fputs("\r\033[K", stderr);
}

/* --- what the daemon has --- */

static bool same_device(const char *a, const char *b)
{
    char x[PATH_MAX], y[PATH_MAX];

    return strcmp(a, b) == 0 ||
           (realpath(a, x) && realpath(b, y) && strcmp(x, y) == 0);
}

static void copy_facts(struct json_object *row, struct json_object *facts)
{
    static const char *const keys[][2] = {
        { "modem", "model" },      { "imei", "imei" },     { "imsi", "imsi" },
        { "operator", "network" }, { "signal", "signal" },
    };

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (*text_of(facts, keys[i][0]))
            set_text(row, keys[i][1], text_of(facts, keys[i][0]));
}

/* The running line that has the port of the row says what it is. */
static void claim(struct json_object *row, struct json_object *line)
{
    struct json_object *facts;

    if (!json_object_object_get_ex(line, "facts", &facts) ||
        !same_device(text_of(facts, "port"), text_of(row, "port")))
        return;
    set_text(row, "line", text_of(line, "name"));
    json_object_object_del(row, "problem");
    json_object_object_del(row, "code");
    copy_facts(row, facts);
}

static void ask_daemon(struct search *search, const char *config)
{
    struct json_object *lines;
    struct err err = { 0 };

    search->status = client_peek(config, "status", &err);
    if (!json_object_object_get_ex(search->status, "lines", &lines))
        return;
    for (size_t i = 0; i < json_object_array_length(search->rows); i++) {
        struct json_object *row = json_object_array_get_idx(search->rows, i);

        for (size_t j = 0;
             *text_of(row, "problem") && j < json_object_array_length(lines);
             j++)
            claim(row, json_object_array_get_idx(lines, j));
    }
}

/* --- telling --- */

static void print_fact(const char *key, const char *text)
{
    if (!*text)
        return;
    printf("  %-9s ", key);
    show_text(stdout, text);
    putchar('\n');
}

static void print_sim(struct json_object *row)
{
    const char *imsi = text_of(row, "imsi"), *sim = text_of(row, "sim");
    char *text = xasprintf("%s%s%s", *imsi ? log_number(imsi).text : "",
                           *imsi && *sim ? ", " : "", sim);

    print_fact("SIM", text);
    free(text);
}

static void print_network(struct json_object *row)
{
    const char *name = text_of(row, "operator");
    const char *signal = text_of(row, "signal");
    char *text =
        xasprintf("%s%s%s%s%s", text_of(row, "network"), *name ? ": " : "",
                  name, *signal ? ", " : "", signal);

    print_fact("network", text);
    free(text);
}

static void print_row(struct json_object *row)
{
    const char *maker = text_of(row, "maker"), *model = text_of(row, "model");
    const char *line = text_of(row, "line");

    show_text(stdout, text_of(row, "port"));
    if (*maker || *model)
        printf("  ");
    show_text(stdout, maker);
    if (*maker && *model)
        putchar(' ');
    show_text(stdout, model);
    if (*line)
        printf("  in use by moongate (line %s)", line);
    putchar('\n');
    print_fact("problem", text_of(row, "problem"));
    print_fact("IMEI", text_of(row, "imei"));
    print_sim(row);
    print_network(row);
    print_fact("USB", text_of(row, "usb"));
    print_fact("link", text_of(row, "link"));
    print_fact("also", text_of(row, "also"));
}

static bool is_free_modem(struct json_object *row)
{
    return *text_of(row, "device") != '\0';
}

/* "huawei1", or the first such name that neither the configuration nor a row
 * before this one has. */
static void print_name(const struct search *search, const char *config,
                       size_t row, const char *base)
{
    struct err err;
    int number = 1;

    for (size_t i = 0; i < row; i++) {
        struct json_object *other = json_object_array_get_idx(search->rows, i);

        if (is_free_modem(other) && strcmp(text_of(other, "name"), base) == 0)
            number++;
    }
    for (; number < NAMES; number++) {
        char *key = xasprintf("lines.%s%d.driver", base, number);
        char *taken = config_peek(config, key, &err);
        bool free_name = !taken || !*taken;

        free(key);
        free(taken);
        if (free_name)
            break;
    }
    printf("%s%d", base, number);
}

static void print_paste(const struct search *search, const char *config)
{
    bool any = false;

    for (size_t i = 0; i < json_object_array_length(search->rows); i++) {
        struct json_object *row = json_object_array_get_idx(search->rows, i);

        if (!is_free_modem(row))
            continue;
        if (!any)
            puts("\nTo use what is free, put this into the configuration and "
                 "fill in what is empty:\n\nlines = {");
        any = true;
        fputs("  ", stdout);
        print_name(search, config, i, text_of(row, "name"));
        printf(" = { network = \"\"; driver = \"gsm\"; device = \"%s\";",
               text_of(row, "device"));
        if (*text_of(row, "ports"))
            printf(" ports = [ \"%s\" ];", text_of(row, "ports"));
        printf("%s };\n",
               strstr(text_of(row, "sim"), "PIN") ? " pin = \"\";" : "");
    }
    if (any)
        puts("};");
}

static size_t count(const struct search *search, const char *key,
                    const char *value)
{
    size_t n = 0;

    for (size_t i = 0; i < json_object_array_length(search->rows); i++) {
        const char *text =
            text_of(json_object_array_get_idx(search->rows, i), key);

        n += value ? strcmp(text, value) == 0 : *text != '\0';
    }
    return n;
}

/* `port`: the first one that was named, or NULL. */
static void print_no_port(const char *port)
{
    if (port)
        printf("There is no serial port %s: is the modem plugged in?\n"
               "moongate modems, without a name, looks at all USB ports.\n",
               port);
    else
        puts("There is no USB serial port: is the modem plugged in? One that "
             "shows itself as a CD\ndrive needs usb_modeswitch. A modem on a "
             "built-in port is looked for by name:\nmoongate modems "
             "/dev/ttyAMA0");
}

static void print_remedies(const struct search *search, const char *port,
                           bool found)
{
    if (count(search, "code", SERIAL_DENIED) > 0)
        puts("\nSome ports may not be opened: use sudo, or join the group "
             "(sudo usermod -aG dialout $USER) and log in again.");
    if (count(search, "code", SERIAL_BUSY) > 0)
        puts("\nSome ports are in use by another program. ModemManager takes "
             "every modem it sees:\nstop it (sudo systemctl disable --now "
             "ModemManager), or keep it off with a udev rule,\n"
             "ENV{ID_MM_DEVICE_IGNORE}=\"1\". Otherwise fuser -v PORT tells "
             "who it is.");
    if (found)
        return;
    if (search->ports == 0)
        print_no_port(port);
    else
        printf("No modem found: %zu port%s looked at, none answered as one "
               "does.\n",
               search->ports, search->ports == 1 ? "" : "s");
}

static void print_text(const struct search *search, const char *config,
                       const char *port, bool found)
{
    for (size_t i = 0; i < json_object_array_length(search->rows); i++) {
        if (i > 0)
            putchar('\n');
        print_row(json_object_array_get_idx(search->rows, i));
    }
    print_paste(search, config);
    print_remedies(search, port, found);
}

int modems_main(const char *config, int argc, char **argv)
{
    struct search search = { .terminal = isatty(STDERR_FILENO) };
    bool json = false, found;
    int n = 0;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (argv[i][0] == '-') {
            fprintf(stderr,
                    "moongate modems: does not take %s; see moongate "
                    "help\n",
                    argv[i]);
            return 2;
        } else {
            argv[1 + n++] = argv[i];
        }
    }
    log_set_level(LOG_LEVEL_ERROR);
    search.rows = json_object_new_array();
    look(&search, argv + 1, n);
    ask_daemon(&search, config);
    found = count(&search, "device", NULL) + count(&search, "line", NULL) > 0;
    if (json)
        puts(json_object_to_json_string_ext(
            search.rows, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                             JSON_C_TO_STRING_NOSLASHESCAPE));
    else
        print_text(&search, config, n > 0 ? argv[1] : NULL, found);
    json_object_put(search.status);
    json_object_put(search.rows);
    return found ? 0 : 1;
}
