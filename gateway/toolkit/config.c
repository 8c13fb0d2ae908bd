/* config.c - reads a libconfig file against option tables.
 *
 * libconfig parses the file into a tree whose settings know their file and
 * line. Every group of the tree becomes a struct settings that starts with the
 * defaults of its tables; then each setting of the group is looked up, checked
 * and assigned. A mistake is reported and the walk goes on, so that one run
 * tells them all; only a syntax error (libconfig's own, which includes a
 * duplicate key) ends it at once. The tree is gone when config_load returns. */
#include "toolkit/config.h"

#include <errno.h>
#include <libconfig.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "toolkit/config_more.h"
#include "toolkit/config_source.h"
#include "toolkit/settings.h"
#include "toolkit/suggest.h"

enum { REPORT_MAX = 2048 };

struct reader {
    const char *path;
    config_t tree;
    const struct config_section *sections;
    void (*report)(void *arg, const char *line);
    void *arg;
    struct err *err;
    unsigned mistakes;
};

/* One group on its way from the tree into settings. */
struct group {
    struct reader *reader;
    const struct config_section *section;
    config_setting_t *setting; /* NULL: not in the file */
    struct settings *values;
    bool open; /* its tables are not all known: unknown keys are no mistake */
};

/* libconfig 1.5 names an included file as the @include does, later ones with
 * the folder in front: always give the folder of the main file. */
static char *place_text(const struct reader *r, const char *file, unsigned line)
{
    const char *slash = strrchr(r->path, '/');
    int len = slash ? (int)(slash + 1 - r->path) : 0;

    if (!file)
        file = r->path;
    if (*file == '/' || strncmp(file, r->path, (size_t)len) == 0)
        len = 0;
    if (line == 0)
        return xasprintf("%.*s%s", len, r->path, file);
    return xasprintf("%.*s%s:%u", len, r->path, file, line);
}

static char *place_of(const struct reader *r, const config_setting_t *setting)
{
    if (!setting)
        return xstrdup(r->path);
    return place_text(r, config_setting_source_file(setting),
                      config_setting_source_line(setting));
}

/* Reports "FILE:LINE: text" once. */
static void __attribute__((format(printf, 3, 4)))
mistake(struct reader *r, const char *place, const char *format, ...)
{
    char line[REPORT_MAX];
    va_list args;
    int n = snprintf(line, sizeof(line), "%s: ", place);

    if (n < 0 || n >= (int)sizeof(line))
        n = 0;
    va_start(args, format);
    vsnprintf(line + n, sizeof(line) - (size_t)n, format, args);
    va_end(args);
    if (r->mistakes++ == 0)
        err_set(r->err, ERR_CONFIG, "%s", line);
    if (r->report)
        r->report(r->arg, line);
}

/* "lines.sim1.device", for messages. */
static char *key_path(const struct group *g, const char *key)
{
    if (g->section->named)
        return xasprintf("%s.%s.%s", g->section->name, g->values->name, key);
    return xasprintf("%s.%s", g->section->name, key);
}

static void key_mistake(const struct group *g, const config_setting_t *at,
                        const char *key, const char *text)
{
    char *place = place_of(g->reader, at);
    char *path = key_path(g, key);

    mistake(g->reader, place, "%s: %s", path, text);
    free(path);
    free(place);
}

static void wrong_type(const struct group *g, const config_setting_t *setting,
                       const struct option *option)
{
    struct buf text;
    char expected[200];

    buf_init(&text, REPORT_MAX);
    option_expects(option, expected, sizeof(expected));
    buf_addf(&text, "expected %s, found ", expected);
    config_found(setting, option, &text);
    key_mistake(g, setting, option->key, buf_text(&text));
    buf_free(&text);
}

static void assign_list(const struct group *g, const config_setting_t *setting,
                        struct setting_value *value)
{
    int n = config_setting_length(setting);

    setting_clear_items(value);
    for (int i = 0; i < n; i++) {
        const char *text = config_setting_get_string_elem(setting, i);

        if (!text) {
            wrong_type(g, setting, value->option);
            return;
        }
        if (!utf8_valid(text, strlen(text))) {
            key_mistake(g, setting, value->option->key,
                        "the text is not valid UTF-8");
            return;
        }
        setting_add_item(value, text);
    }
}

static bool type_fits(const config_setting_t *setting,
                      const struct option *option)
{
    int found = config_setting_type(setting);
    bool number = found == CONFIG_TYPE_INT || found == CONFIG_TYPE_INT64;

    switch (option->type) {
    case OPT_TEXT:
        return found == CONFIG_TYPE_STRING ||
               (number && option->flags & OPT_DIGITS);
    case OPT_ENUM:
        return found == CONFIG_TYPE_STRING;
    case OPT_INT:
        return number;
    case OPT_BOOL:
        return found == CONFIG_TYPE_BOOL;
    case OPT_LIST:
        return found == CONFIG_TYPE_ARRAY || found == CONFIG_TYPE_LIST;
    }
    return false;
}

/* Digits may stand without quotes, when no leading zero gets lost by that. */
static bool assign_text(struct setting_value *value,
                        const config_setting_t *setting, struct err *err)
{
    const char *text = config_setting_get_string(setting);
    char digits[24];

    if (text)
        return setting_set_text(value, text, err);
    snprintf(digits, sizeof(digits), "%lld", config_setting_get_int64(setting));
    if (*digits == '0')
        return err_set(err, ERR_CONFIG,
                       "write digits that begin with 0 in "
                       "quotes");
    return setting_set_text(value, digits, err);
}

static void assign(const struct group *g, const config_setting_t *setting,
                   struct setting_value *value)
{
    struct err err = { 0 };
    bool ok = true;

    value->given = true;
    value->place = place_of(g->reader, setting);
    if (!type_fits(setting, value->option)) {
        wrong_type(g, setting, value->option);
        return;
    }
    switch (value->option->type) {
    case OPT_TEXT:
    case OPT_ENUM:
        ok = assign_text(value, setting, &err);
        break;
    case OPT_INT:
        ok = setting_set_int(value, config_setting_get_int64(setting), &err);
        break;
    case OPT_BOOL:
        setting_set_bool(value, config_setting_get_bool(setting));
        break;
    case OPT_LIST:
        assign_list(g, setting, value);
        break;
    }
    if (!ok)
        key_mistake(g, setting, value->option->key, err.text);
}

static void unknown_key(const struct group *g, const config_setting_t *setting)
{
    const char *key = config_setting_name(setting);
    const char *best = NULL;
    unsigned distance = SUGGEST_FAR;
    char text[200];

    for (size_t i = 0; i < g->values->n; i++)
        suggest(key, g->values->values[i].option->key, &best, &distance);
    snprintf(text, sizeof(text), "unknown option; %s%s%s",
             best ? "did you mean " : "moongate options lists them all",
             best ? best : "", best ? "?" : "");
    key_mistake(g, setting, key, text);
}

/* Adds what an option of the picked table brings along, e.g. a provider. */
static void pick_more(struct group *g, const char *word)
{
    const config_setting_t *at = NULL;
    struct err err = { 0 };

    g->open = !config_more(g->section, word, g->setting, g->values, &at, &err);
    if (g->open)
        key_mistake(g, at, config_setting_name(at), err.text);
}

/* Adds the table that the group itself picks, e.g. that of its driver. */
static void pick_table(struct group *g)
{
    const struct config_section *section = g->section;
    config_setting_t *setting;
    const struct option *table;
    const char *word;
    char near[80], text[400];

    if (!section->pick)
        return;
    g->open = true;
    setting = config_setting_get_member(g->setting, section->pick_key);
    word = setting ? config_setting_get_string(setting) : NULL;
    if (!word)
        return; /* missing, or of the wrong type: told by others */
    table = section->pick(word);
    if (table) {
        settings_extend(g->values, table);
        pick_more(g, word);
        return;
    }
    suggest_choice(word, section->pick_names, near, sizeof(near));
    snprintf(text, sizeof(text), "unknown %s \"%.60s\"; there is %s%s",
             section->pick_key, word, section->pick_names, near);
    key_mistake(g, setting, section->pick_key, text);
}

/* A template of lines, whose users bring the rest? */
static bool is_template(const struct settings *values)
{
    const struct setting_value *value = settings_find(values, "personal");

    return value && value->number;
}

static void check_required(const struct group *g)
{
    unsigned brought = is_template(g->values) ? OPT_OWN : 0;
    char text[400], expected[200];

    for (size_t i = 0; i < g->values->n; i++) {
        const struct setting_value *value = &g->values->values[i];

        if (!(value->option->flags & OPT_REQUIRED) || value->given ||
            value->option->flags & brought)
            continue;
        option_expects(value->option, expected, sizeof(expected));
        snprintf(text, sizeof(text), "is missing; expected %s: %s", expected,
                 value->option->help);
        key_mistake(g, g->setting, value->option->key, text);
    }
}

static struct settings *load_group(struct reader *r,
                                   const struct config_section *section,
                                   config_setting_t *setting, const char *name)
{
    char *place = place_of(r, setting);
    struct group g = {
        .reader = r,
        .section = section,
        .setting = setting,
        .values = settings_default(section->tables, name, place),
    };
    int n = setting ? config_setting_length(setting) : 0;

    free(place);
    if (setting)
        pick_table(&g);
    for (int i = 0; i < n; i++) {
        config_setting_t *s = config_setting_get_elem(setting, (unsigned)i);
        struct setting_value *value =
            settings_find(g.values, config_setting_name(s));

        if (value)
            assign(&g, s, value);
        else if (!g.open)
            unknown_key(&g, s);
    }
    check_required(&g);
    return g.values;
}

static void not_a_group(struct reader *r, const config_setting_t *setting,
                        const char *name)
{
    char *place = place_of(r, setting);

    mistake(r, place, "%s must be a group: %s = { ... };", name,
            config_setting_name(setting));
    free(place);
}

static void load_section(struct reader *r, struct section *to,
                         const struct config_section *section)
{
    config_setting_t *setting = config_lookup(&r->tree, section->name);

    if (setting && !config_setting_is_group(setting)) {
        not_a_group(r, setting, section->name);
        setting = NULL;
    }
    if (!section->named) {
        section_add_group(to, load_group(r, section, setting, section->name));
        return;
    }
    for (int i = 0; setting && i < config_setting_length(setting); i++) {
        config_setting_t *s = config_setting_get_elem(setting, (unsigned)i);
        const char *name = config_setting_name(s);

        if (config_setting_is_group(s))
            section_add_group(to, load_group(r, section, s, name));
        else
            not_a_group(r, s, name);
    }
}

static void check_sections(struct reader *r)
{
    config_setting_t *root = config_root_setting(&r->tree);

    for (int i = 0; i < config_setting_length(root); i++) {
        config_setting_t *setting = config_setting_get_elem(root, (unsigned)i);
        const char *name = config_setting_name(setting), *best = NULL;
        const struct config_section *s = r->sections;
        unsigned distance = SUGGEST_FAR;
        char *place;

        for (; s->name && strcmp(s->name, name) != 0; s++)
            suggest(name, s->name, &best, &distance);
        if (s->name)
            continue;
        place = place_of(r, setting);
        mistake(r, place, "unknown section %s%s%s%s", name,
                best ? "; did you mean " : "", best ? best : "",
                best ? "?" : "");
        free(place);
    }
}

/* Why libconfig could not read the file, in words that help. */
static void syntax_mistake(struct reader *r)
{
    const char *text = config_error_text(&r->tree);
    unsigned line = (unsigned)config_error_line(&r->tree);
    char *place = place_text(r, config_error_file(&r->tree), 0);
    char key[64];

    config_source_key(place, line, key, sizeof(key));
    free(place);
    place = place_text(r, config_error_file(&r->tree), line);
    if (strcmp(text, "syntax error") == 0)
        text = "syntax error: look here and on the line above for a missing "
               "quote, ';', '=' or bracket";
    if (strncmp(text, "duplicate setting", 17) == 0)
        mistake(r, place, "duplicate setting%s%s: remove one of the two",
                *key ? " " : "", key);
    else
        mistake(r, place, "%s", text);
    free(place);
}

/* libconfig leaves the process when it reads a folder, and tells nothing of
 * why a file cannot be opened: look first. */
static bool readable(struct reader *r)
{
    struct stat info;
    FILE *file = fopen(r->path, "re");

    if (!file) {
        mistake(r, r->path,
                "cannot read the configuration: %s (-c FILE names "
                "another)",
                strerror(errno));
        return false;
    }
    if (fstat(fileno(file), &info) == 0 && S_ISDIR(info.st_mode))
        mistake(r, r->path, "is a folder, not a configuration file");
    fclose(file);
    return r->mistakes == 0;
}

static bool parse(struct reader *r)
{
    char *folder = xstrdup(r->path);
    char *slash = strrchr(folder, '/');

    if (slash) {
        slash[slash == folder] = '\0';
        config_set_include_dir(&r->tree, folder);
    }
    free(folder);
    if (!readable(r))
        return false;
    if (config_read_file(&r->tree, r->path))
        return true;
    syntax_mistake(r);
    return false;
}

static struct config *load_tree(struct reader *r)
{
    struct config *config = xcalloc(1, sizeof(*config));

    check_sections(r);
    for (const struct config_section *s = r->sections; s->name; s++)
        load_section(r, config_add_section(config, s->name, s->named), s);
    return config;
}

struct config *config_load(const char *path,
                           const struct config_section *sections,
                           void (*report)(void *arg, const char *line),
                           void *arg, struct err *err)
{
    struct reader r = { .path = path,
                        .sections = sections,
                        .report = report,
                        .arg = arg,
                        .err = err };
    struct config *config = NULL;

    config_init(&r.tree);
    if (parse(&r))
        config = load_tree(&r);
    config_destroy(&r.tree);
    if (r.mistakes == 0)
        return config;
    config_free(config);
    return NULL;
}

char *config_peek(const char *path, const char *key, struct err *err)
{
    struct reader r = { .path = path, .err = err };
    const char *text = NULL;
    char *copy = NULL;

    config_init(&r.tree);
    if (parse(&r)) {
        config_lookup_string(&r.tree, key, &text);
        copy = xstrdup(text ? text : "");
    }
    config_destroy(&r.tree);
    return copy;
}
