/* fuzz_config.c - any bytes as a configuration file: either it loads and its
 * values keep what their options promise, or there is at least one report. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "toolkit/config.h"

static const struct option options[] = {
    { .key = "text", .type = OPT_TEXT, .fallback = "x", .help = "text" },
    { .key = "int",
      .type = OPT_INT,
      .fallback = "1",
      .min = -5,
      .max = 5,
      .help = "int" },
    { .key = "bool", .type = OPT_BOOL, .fallback = "true", .help = "bool" },
    { .key = "enum",
      .type = OPT_ENUM,
      .fallback = "a",
      .choices = "a|bc",
      .help = "enum" },
    { .key = "list", .type = OPT_LIST, .help = "list" },
    { 0 },
};

static const struct option *const tables[] = { options, NULL };

static const struct config_section sections[] = {
    { .name = "one", .tables = tables },
    { .name = "many", .named = true, .tables = tables },
    { 0 },
};

static void on_report(void *arg, const char *line)
{
    unsigned *reports = arg;

    assert(strlen(line) > 0);
    (*reports)++;
}

static void check_values(const struct settings *s)
{
    assert(settings_text(s, "text"));
    assert(settings_int(s, "int") >= -5 && settings_int(s, "int") <= 5);
    assert(settings_enum(s, "enum") >= 0 && settings_enum(s, "enum") < 2);
    for (size_t i = 0; i < settings_list_size(s, "list"); i++)
        assert(settings_list_item(s, "list", i));
    assert(settings_equal(s, s));
}

static void check_file(const char *path)
{
    unsigned reports = 0;
    struct err err = { 0 };
    struct config *config =
        config_load(path, sections, on_report, &reports, &err);
    const struct settings *s;

    assert((config == NULL) == (reports > 0));
    if (!config)
        return;
    check_values(config_group(config, "one"));
    for (size_t i = 0; (s = config_named(config, "many", i)); i++)
        check_values(s);
    config_free(config);
}

/* libconfig 1.5 itself loses a buffer when a file ends inside a string. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so\n";
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char path[64];
    int fd;

    /* Other files, and libconfig's own recursion, are the owner's business. */
    if (memmem(data, size, "include", 7) || size > 8192)
        return 0;
    fd = memfd_create("fuzz", MFD_CLOEXEC);
    assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    check_file(path);
    close(fd);
    return 0;
}
