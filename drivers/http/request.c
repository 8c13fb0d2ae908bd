/* request.c - the request that a provider wants. */
#include "http/request.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/code.h"
#include "base/mem.h"
#include "base/secret.h"
#include "driver.h"
#include "http/json_template.h"
#include "http/read.h"
#include "http/template.h"

enum {
    FIELDS_MAX = 32,
    URL_MAX = 64 * 1024,
    VALUE_MAX = 16 * 1024,
    BODY_MAX = 1024 * 1024,
};

struct field {
    const char *name; /* borrowed from the file's tree, which outlives it */
    struct template *value;
};

struct fields {
    struct field items[FIELDS_MAX];
    size_t n;
};

struct request {
    const char *method, *type;
    struct template *url, *user, *password, *raw;
    struct fields query, form, headers;
    bool has_form;
    struct json_template *json;
};

static bool parse_field(const struct tree *item, const char *const *names,
                        struct fields *fields, struct err *err)
{
    struct err why;
    struct template *value;

    if (fields->n == FIELDS_MAX)
        return tree_mistake(item, err, "more than %d fields", (int)FIELDS_MAX);
    if (item->type != TREE_TEXT)
        return tree_mistake(item, err, "expected a text in quotes");
    value = template_parse(item->text, names, &why);
    if (!value)
        return tree_mistake(item, err, "%s", why.text);
    fields->items[fields->n++] = (struct field){ item->name, value };
    return true;
}

static bool parse_fields(const struct tree *group, const char *key,
                         const char *const *names, struct fields *fields,
                         struct err *err)
{
    const struct tree *list = tree_get(group, key);

    if (list && list->type != TREE_GROUP)
        return tree_mistake(list, err, "expected { Name = \"value\"; }");
    for (size_t i = 0; list && i < list->n; i++) {
        if (!parse_field(&list->items[i], names, fields, err))
            return false;
    }
    return true;
}

static bool parse_body(struct request *request, const struct tree *group,
                       const char *const *names, struct err *err)
{
    const struct tree *json = tree_get(group, "json");
    int bodies = (json != NULL) + (tree_get(group, "form") != NULL) +
                 (tree_get(group, "raw") != NULL);

    if (bodies > 1)
        return tree_mistake(group, err, "expected one of form, json and raw");
    request->has_form = tree_get(group, "form") != NULL;
    if (json) {
        request->json = json_template_parse(json, names, err);
        if (!request->json)
            return false;
    }
    return parse_fields(group, "form", names, &request->form, err) &&
           read_template(group, "raw", names, false, &request->raw, err) &&
           tree_text(group, "type", request->raw != NULL, &request->type, err);
}

static bool method_known(const char *method)
{
    return !method || strcmp(method, "GET") == 0 ||
           strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0;
}

static bool parse(struct request *request, const struct tree *group,
                  const char *const *names, struct err *err)
{
    if (!tree_check(group,
                    "to|method|url|query|headers|user|password|form|json|raw|"
                    "type",
                    err) ||
        !tree_text(group, "method", false, &request->method, err))
        return false;
    if (!method_known(request->method))
        return tree_mistake(tree_get(group, "method"), err,
                            "expected GET, POST or PUT");
    if (!read_template(group, "url", names, true, &request->url, err) ||
        !read_template(group, "user", names, false, &request->user, err) ||
        !read_template(group, "password", names, false, &request->password,
                       err) ||
        !parse_fields(group, "query", names, &request->query, err) ||
        !parse_fields(group, "headers", names, &request->headers, err))
        return false;
    if (request->headers.n >= REQUEST_HEADERS_MAX)
        return tree_mistake(group, err, "more than %d headers",
                            REQUEST_HEADERS_MAX - 1);
    return parse_body(request, group, names, err);
}

struct request *request_parse(const struct tree *group,
                              const char *const *names, struct err *err)
{
    struct request *request = xcalloc(1, sizeof(*request));

    if (parse(request, group, names, err))
        return request;
    request_free(request);
    return NULL;
}

static void fields_free(struct fields *fields)
{
    for (size_t i = 0; i < fields->n; i++)
        template_free(fields->items[i].value);
}

void request_free(struct request *request)
{
    if (!request)
        return;
    template_free(request->url);
    template_free(request->user);
    template_free(request->password);
    template_free(request->raw);
    fields_free(&request->query);
    fields_free(&request->form);
    fields_free(&request->headers);
    json_template_free(request->json);
    free(request);
}

static bool failed(struct err *err, const char *where)
{
    return err_set(err, ERR_CONFIG, "%s: a value does not fit there", where);
}

/* name=value&name=value, percent-encoded. */
static bool add_fields(const struct fields *fields, const char *const *values,
                       char first, struct buf *out)
{
    for (size_t i = 0; i < fields->n; i++) {
        struct buf value;
        enum render result;

        buf_init(&value, out->max);
        result =
            template_render(fields->items[i].value, values, PLACE_TEXT, &value);
        if (result == RENDER_OK) {
            if (first)
                buf_add_char(out, first);
            code_percent(out, fields->items[i].name,
                         strlen(fields->items[i].name));
            buf_add_char(out, '=');
            code_percent(out, buf_text(&value), value.len);
            first = '&';
        }
        buf_free(&value);
        if (result == RENDER_FAILED)
            return false;
    }
    return !out->over;
}

static bool render_url(const struct request *request, const char *const *values,
                       struct rendered *out, struct err *err)
{
    struct buf url;
    bool good;

    buf_init(&url, URL_MAX);
    good = template_render(request->url, values, PLACE_URL, &url) == RENDER_OK;
    good = good && add_fields(&request->query, values,
                              strchr(buf_text(&url), '?') ? '&' : '?', &url);
    out->url = buf_take(&url);
    return good || failed(err, "url");
}

static bool render_text(const struct template *template,
                        const char *const *values, enum place place, char **out)
{
    struct buf text;
    enum render result;

    if (!template)
        return true;
    buf_init(&text, VALUE_MAX);
    result = template_render(template, values, place, &text);
    if (result == RENDER_OK)
        *out = buf_take(&text);
    buf_free(&text);
    return result != RENDER_FAILED;
}

static void add_header(struct rendered *out, const char *name, char *value)
{
    out->headers[out->n_headers].name = name;
    out->headers[out->n_headers++].value = value;
}

static bool render_headers(const struct request *request,
                           const char *const *values, struct rendered *out,
                           struct err *err)
{
    for (size_t i = 0; i < request->headers.n; i++) {
        const struct field *field = &request->headers.items[i];
        char *value = NULL;

        if (!render_text(field->value, values, PLACE_HEADER, &value))
            return failed(err, field->name);
        if (value)
            add_header(out, field->name, value);
    }
    return (render_text(request->user, values, PLACE_HEADER, &out->user) &&
            render_text(request->password, values, PLACE_HEADER,
                        &out->password)) ||
           failed(err, "user or password");
}

static bool render_json(const struct request *request,
                        const char *const *values, struct rendered *out)
{
    struct json_object *value;
    bool good;

    if (!json_template_render(request->json, values, &value))
        return false;
    good = buf_add_text(
        &out->body,
        json_object_to_json_string_ext(
            value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(value);
    return good;
}

static bool render_body(const struct request *request,
                        const char *const *values, struct rendered *out,
                        struct err *err)
{
    const char *type = NULL;
    bool good = true;

    if (request->json) {
        type = "application/json";
        good = render_json(request, values, out);
    } else if (request->has_form) {
        type = "application/x-www-form-urlencoded";
        good = add_fields(&request->form, values, '\0', &out->body);
    } else if (request->raw) {
        type = request->type;
        good = template_render(request->raw, values,
                               strstr(type, "xml") ? PLACE_XML : PLACE_TEXT,
                               &out->body) == RENDER_OK;
    }
    out->has_body = type != NULL;
    if (type)
        add_header(out, "Content-Type", xstrdup(type));
    return good || failed(err, "the body");
}

bool request_render(const struct request *request, const char *const *values,
                    struct rendered *out, struct err *err)
{
    *out = (struct rendered){ 0 };
    buf_init(&out->body, BODY_MAX);
    if (render_url(request, values, out, err) &&
        render_headers(request, values, out, err) &&
        render_body(request, values, out, err)) {
        out->method = request->method ? request->method
                      : out->has_body ? "POST"
                                      : "GET";
        return true;
    }
    rendered_free(out);
    return false;
}

void rendered_free(struct rendered *rendered)
{
    for (size_t i = 0; i < rendered->n_headers; i++)
        secret_free(rendered->headers[i].value);
    secret_free(rendered->url);
    secret_free(rendered->user);
    secret_free(rendered->password);
    if (rendered->body.data)
        explicit_bzero(rendered->body.data, rendered->body.len);
    buf_free(&rendered->body);
    *rendered = (struct rendered){ 0 };
}

static bool fields_use(const struct fields *fields, size_t index)
{
    for (size_t i = 0; i < fields->n; i++) {
        if (template_uses(fields->items[i].value, index))
            return true;
    }
    return false;
}

bool request_uses(const struct request *request, size_t index)
{
    return template_uses(request->url, index) ||
           fields_use(&request->query, index) ||
           fields_use(&request->form, index) ||
           fields_use(&request->headers, index) ||
           (request->raw && template_uses(request->raw, index)) ||
           (request->json && json_template_uses(request->json, index));
}
