/* finding.c - findings as text and as JSON. */
#include "core/finding.h"

#include <json-c/json.h>
#include <string.h>

#include "base/buf.h"

enum { TEXT_MAX = 8192 };

static const char *const states[] = {
    [FINDING_OK] = "ok",
    [FINDING_WARN] = "warn",
    [FINDING_FAIL] = "fail",
};

static void add_lines(struct buf *buf, const char *indent, const char *lines)
{
    while (lines && *lines) {
        size_t n = strcspn(lines, "\n");

        (void)buf_addf(buf, "\n%s%.*s", indent, (int)n, lines);
        lines += n + (lines[n] == '\n');
    }
}

char *finding_text(const struct finding *finding)
{
    struct buf buf;

    buf_init(&buf, TEXT_MAX);
    (void)buf_addf(&buf, "%s: %s%s%s", states[finding->state], finding->about,
                   finding->about[0] ? ": " : "", finding->text);
    add_lines(&buf, "    ", finding->advice);
    add_lines(&buf, "        ", finding->config);
    return buf_take(&buf);
}

static void add_text(struct json_object *object, const char *key,
                     const char *text)
{
    if (text)
        json_object_object_add(object, key, json_object_new_string(text));
}

struct json_object *finding_row(const struct finding *finding)
{
    struct json_object *object = json_object_new_object();

    add_text(object, "state", states[finding->state]);
    add_text(object, "about", finding->about);
    add_text(object, "check", finding->check);
    add_text(object, "text", finding->text);
    add_text(object, "advice", finding->advice);
    add_text(object, "config", finding->config);
    return object;
}
