/* show.c - answers for people; times as ages in lists, as UTC in a trace. What
 * the daemon knows more than the columns is shown as "key value" below them, so
 * that a new fact needs no change here. */
#include "control/show.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "control/table.h"

enum { CELL_MAX = 256, DETAILS_MAX = 4096, SHORT_ID = 8 };

struct age {
    char text[24];
};

/* "12 s", "3 min", "5 h", "2 d". */
static struct age age_text(int64_t seconds)
{
    struct age age;

    if (seconds < 0)
        seconds = 0;
    if (seconds < 120)
        snprintf(age.text, sizeof(age.text), "%d s", (int)seconds);
    else if (seconds < 7200)
        snprintf(age.text, sizeof(age.text), "%d min", (int)(seconds / 60));
    else if (seconds < 172800)
        snprintf(age.text, sizeof(age.text), "%d h", (int)(seconds / 3600));
    else
        snprintf(age.text, sizeof(age.text), "%lld d",
                 (long long)(seconds / 86400));
    return age;
}

/* A scalar member as text, "" when absent or null. */
static const char *member(struct json_object *object, const char *key)
{
    struct json_object *value;

    if (!json_object_object_get_ex(object, key, &value) || !value)
        return "";
    return json_object_get_string(value);
}

static int64_t number(struct json_object *object, const char *key)
{
    struct json_object *value;

    if (!json_object_object_get_ex(object, key, &value))
        return 0;
    return json_object_get_int64(value);
}

/* People read "out" and "in"; programs read what the store calls it. */
static const char *direction_name(const char *direction)
{
    if (strcmp(direction, "to_line") == 0)
        return "out";
    if (strcmp(direction, "to_xmpp") == 0)
        return "in";
    return direction;
}

/* --- status --- */

/* Cells behind the columns of the table: lines of their own. */
enum { PROBLEM = 4, FACTS };

/* The fact that is a sentence. */
static const char *const last_error = "last error";

static bool is_column(const char *key)
{
    return strcmp(key, "name") == 0 || strcmp(key, "state") == 0 ||
           strcmp(key, "since") == 0 || strcmp(key, "problem") == 0;
}

static void add_detail(struct buf *out, const char *prefix, const char *key,
                       struct json_object *value)
{
    const char *text = value ? json_object_get_string(value) : "";

    if (!*text || strcmp(text, "0") == 0 || strcmp(text, "false") == 0)
        return;
    buf_addf(out, "%s%s%s%s %s", out->len ? ", " : "", prefix,
             *prefix ? " " : "", key, text);
}

/* The facts of a group below `key`, and of one group more below that. */
static void add_group(struct buf *out, const char *key,
                      struct json_object *group)
{
    json_object_object_foreach(group, inner, value)
    {
        if (strcmp(inner, last_error) == 0)
            continue;
        if (!json_object_is_type(value, json_type_object)) {
            add_detail(out, key, inner, value);
            continue;
        }
        json_object_object_foreach(value, name, fact)
            add_detail(out, direction_name(inner), name, fact);
    }
}

/* "sent today 12 of 100, this month 340". */
static void add_sent(struct buf *out, struct json_object *sent)
{
    const char *first = "sent ";

    json_object_object_foreach(sent, span, count)
    {
        int64_t cap = number(count, "cap");

        buf_addf(out, "%s%s%s %lld", out->len ? ", " : "", first, span,
                 (long long)number(count, "parts"));
        if (cap > 0)
            buf_addf(out, " of %lld", (long long)cap);
        first = "";
    }
}

/* Everything else that is known. */
static void add_details(struct buf *out, struct json_object *part)
{
    json_object_object_foreach(part, key, value)
    {
        if (is_column(key))
            continue;
        if (strcmp(key, "sent") == 0)
            add_sent(out, value);
        else if (json_object_is_type(value, json_type_object))
            add_group(out, strcmp(key, "facts") == 0 ? "" : key, value);
        else
            add_detail(out, "", key, value);
    }
}

/* What it suffers from, or did while it worked. */
static void add_problem(struct table *table, struct json_object *part)
{
    const char *problem = member(part, "problem");
    struct json_object *facts;
    char text[2 * CELL_MAX];

    text_copy(text, sizeof(text), problem);
    if (!*problem && json_object_object_get_ex(part, "facts", &facts) &&
        *member(facts, last_error))
        snprintf(text, sizeof(text), "%s: %s", last_error,
                 member(facts, last_error));
    table_cell(table, PROBLEM, text);
}

static void add_part(struct table *table, const char *what,
                     struct json_object *part)
{
    const char *state = member(part, "state");
    int64_t since = number(part, "since");
    struct buf details;

    buf_init(&details, DETAILS_MAX);
    add_details(&details, part);
    table_row(table);
    table_cell(table, 0, what);
    table_cell(table, 1, member(part, "name"));
    table_cell(table, 2, *state ? state : "running");
    if (since > 0)
        table_cell(table, 3, age_text((clock_wall_ms() - since) / 1000).text);
    add_problem(table, part);
    table_cell(table, FACTS, buf_text(&details));
    buf_free(&details);
}

static void add_parts(struct table *table, const char *what,
                      struct json_object *status, const char *key)
{
    struct json_object *parts;

    if (!json_object_object_get_ex(status, key, &parts))
        return;
    if (json_object_is_type(parts, json_type_object))
        add_part(table, what, parts);
    for (size_t i = 0; json_object_is_type(parts, json_type_array) &&
                       i < json_object_array_length(parts);
         i++)
        add_part(table, what, json_object_array_get_idx(parts, i));
}

void show_status(struct json_object *status)
{
    static const char *const titles[] = { "", "NAME", "STATE", "FOR", NULL };
    struct table table;

    table_init(&table, titles);
    add_parts(&table, "gateway", status, "gateway");
    add_parts(&table, "network", status, "networks");
    add_parts(&table, "line", status, "lines");
    table_print(&table);
    table_clear(&table);
}

/* --- queue and trace --- */

static const char *state_text(struct json_object *message)
{
    struct json_object *held;

    if (json_object_object_get_ex(message, "held", &held) &&
        json_object_get_boolean(held))
        return "held";
    return member(message, "state");
}

/* A text out that no line can take sleeps until one comes back, at the latest
 * until it expires. */
static bool waits_for_line(struct json_object *message)
{
    int64_t expires = number(message, "expires");

    return expires != 0 && number(message, "next_at") == expires &&
           strcmp(member(message, "direction"), "to_line") == 0;
}

static void tell_wait(struct json_object *message, char reason[CELL_MAX])
{
    int64_t next = number(message, "next_at") - clock_wall_ms();

    text_copy(reason, CELL_MAX, member(message, "reason"));
    if (*reason || next <= 0)
        return;
    if (waits_for_line(message))
        text_copy(reason, CELL_MAX, "waits for a line");
    else
        snprintf(reason, CELL_MAX, "again in %s", age_text(next / 1000).text);
}

static void add_message(struct table *table, struct json_object *message)
{
    char id[SHORT_ID + 1], reason[CELL_MAX];

    text_copy(id, sizeof(id), member(message, "id"));
    tell_wait(message, reason);
    table_row(table);
    table_cell(table, 0, id);
    table_cell(table, 1, direction_name(member(message, "direction")));
    table_cell(table, 2, member(message, "network"));
    table_cell(table, 3, member(message, "account"));
    table_cell(table, 4, member(message, "contact"));
    table_cell(table, 5, state_text(message));
    table_cell(table, 6, age_text(number(message, "age_s")).text);
    table_cell(table, 7, member(message, "attempt"));
    table_cell(table, 8, reason);
}

void show_queue(struct json_object *messages)
{
    static const char *const titles[] = { "ID",      "DIR",     "NETWORK",
                                          "ACCOUNT", "CONTACT", "STATE",
                                          "AGE",     "TRY",     "REASON",
                                          NULL };
    size_t n = json_object_array_length(messages);
    struct table table;

    table_init(&table, titles);
    for (size_t i = 0; i < n; i++)
        add_message(&table, json_object_array_get_idx(messages, i));
    table_print(&table);
    table_clear(&table);
}

/* A line without trailing blanks. */
static void show_trimmed(const char *text)
{
    size_t size = strlen(text);
    char *copy;

    while (size > 0 && text[size - 1] == ' ')
        size--;
    copy = xasprintf("%.*s", (int)size, text);
    show_text(stdout, copy);
    putchar('\n');
    free(copy);
}

/* A SIM's identity as logs have it; a line's name, which stands for a missing
 * one, as it is. */
static struct log_number sim_text(const char *sim)
{
    struct log_number text;

    if (strspn(sim, "0123456789") == strlen(sim))
        return log_number(sim);
    text_copy(text.text, sizeof(text.text), sim);
    return text;
}

/* "part 1 try 1 line sim1 sim 234150000000000", "part 1 try 1 id - ": the SIM
 * shortened, an id that is not known left out. */
static void add_part_detail(struct buf *out, const char *detail)
{
    const char *id = strstr(detail, " id - "), *sim = strstr(detail, " sim ");

    if (id)
        buf_addf(out, "%.*s %s", (int)(id - detail), detail, id + 6);
    else if (sim && !strstr(detail, " id "))
        buf_addf(out, "%.*s sim %s", (int)(sim - detail), detail,
                 sim_text(sim + 5).text);
    else
        buf_addf(out, "%s", detail);
}

static bool is_of_part(struct json_object *event)
{
    return strncmp(member(event, "detail"), "part ", 5) == 0;
}

static void show_event(struct json_object *event, int64_t *before)
{
    struct buf line;

    int64_t at = number(event, "at");

    printf("  %s  ", clock_iso(at).text);
    if (*before)
        printf("%+9.3f s", (double)(at - *before) / 1000);
    else
        printf("%11s", "");
    buf_init(&line, DETAILS_MAX);
    buf_addf(&line, "  %-12s  ", member(event, "what"));
    if (is_of_part(event))
        add_part_detail(&line, member(event, "detail"));
    else
        buf_addf(&line, "%s", member(event, "detail"));
    show_trimmed(buf_text(&line));
    buf_free(&line);
    *before = at;
}

/* Of the same time: accepted, then the parts, then what became of it. */
static int event_rank(struct json_object *event)
{
    if (strcmp(member(event, "what"), "accepted") == 0)
        return 0;
    return is_of_part(event) ? 1 : 2;
}

static void show_events(struct json_object *events)
{
    size_t n = json_object_array_length(events), end;
    int64_t before = 0;

    for (size_t start = 0; start < n; start = end) {
        int64_t at = number(json_object_array_get_idx(events, start), "at");

        for (end = start + 1; end < n; end++) {
            if (number(json_object_array_get_idx(events, end), "at") != at)
                break;
        }
        for (int rank = 0; rank < 3; rank++) {
            for (size_t i = start; i < end; i++) {
                struct json_object *event =
                    json_object_array_get_idx(events, i);

                if (event_rank(event) == rank)
                    show_event(event, &before);
            }
        }
    }
}

static void show_field(const char *key, struct json_object *value)
{
    static const char *const hidden[] = { "id", "state", "held", "age_s" };
    static const char *const times[] = { "created", "next_at", "expires" };
    const char *text = value ? json_object_get_string(value) : "";

    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        if (strcmp(key, hidden[i]) == 0)
            return;
    }
    if (!*text || strcmp(text, "0") == 0 ||
        json_object_is_type(value, json_type_array))
        return;
    printf("  %-10s ", key);
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        if (strcmp(key, times[i]) == 0) {
            puts(clock_iso(json_object_get_int64(value)).text);
            return;
        }
    }
    if (strcmp(key, "sim") == 0)
        show_trimmed(sim_text(text).text);
    else
        show_trimmed(strcmp(key, "direction") == 0 ? direction_name(text)
                                                   : text);
}

void show_trace(struct json_object *message)
{
    struct json_object *events;

    printf("%s %s\n", member(message, "id"), state_text(message));
    json_object_object_foreach(message, key, value) show_field(key, value);
    if (json_object_object_get_ex(message, "events", &events))
        show_events(events);
}

/* --- any rows ------------------------------------------------------------- */

void show_rows(struct json_object *rows)
{
    const char *titles[TABLE_COLUMNS + 1] = { NULL };
    size_t n = 0;
    struct table table;

    json_object_object_foreach(json_object_array_get_idx(rows, 0), key, first)
    {
        if (n < TABLE_COLUMNS && !json_object_is_type(first, json_type_array))
            titles[n++] = key;
    }
    table_init(&table, titles);
    for (size_t i = 0; i < json_object_array_length(rows); i++) {
        table_row(&table);
        for (size_t j = 0; j < n; j++)
            table_cell(&table, j,
                       member(json_object_array_get_idx(rows, i), titles[j]));
    }
    table_print(&table);
    table_clear(&table);
}
