/* json_template.c - a tree of JSON with templates as its texts. */
#include "http/json_template.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "driver.h"
#include "http/json.h"
#include "http/template.h"

enum { TEXT_MAX = 256 * 1024 };

struct json_template {
    enum json_type type; /* json_type_string: the template */
    char *name;          /* within an object */
    struct template *text;
    struct json_object *literal; /* numbers, truth values, null */
    struct json_template **items;
    size_t n;
};

/* What a parse needs all the way down. */
struct parser {
    const struct tree *at;
    const char *const *names;
    struct err *err;
};

static struct json_template *node_new(enum json_type type, const char *name)
{
    struct json_template *node = xcalloc(1, sizeof(*node));

    node->type = type;
    node->name = xstrdup(name);
    return node;
}

static bool add_item(struct json_template *node, struct json_template *item)
{
    if (!item)
        return false;
    node->items = xrealloc(node->items, (node->n + 1) * sizeof(void *));
    node->items[node->n++] = item;
    return true;
}

static bool set_text(struct json_template *node, const char *text,
                     const struct parser *parser)
{
    struct err why;

    node->text = template_parse(text, parser->names, &why);
    return node->text || tree_mistake(parser->at, parser->err, "%s", why.text);
}

static struct json_template *from_json(const char *name,
                                       struct json_object *value,
                                       const struct parser *parser);

static bool fill_from_json(struct json_template *node,
                           struct json_object *value,
                           const struct parser *parser)
{
    if (node->type == json_type_array) {
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            if (!add_item(node,
                          from_json(NULL, json_object_array_get_idx(value, i),
                                    parser)))
                return false;
        }
    } else if (node->type == json_type_object) {
        json_object_object_foreach(value, key, member)
        {
            if (!add_item(node, from_json(key, member, parser)))
                return false;
        }
    } else if (node->type == json_type_string) {
        return set_text(node, json_object_get_string(value), parser);
    } else {
        node->literal = json_object_get(value);
    }
    return true;
}

static struct json_template *from_json(const char *name,
                                       struct json_object *value,
                                       const struct parser *parser)
{
    struct json_template *node = node_new(json_object_get_type(value), name);

    if (fill_from_json(node, value, parser))
        return node;
    json_template_free(node);
    return NULL;
}

static struct json_template *from_tree(const struct tree *tree,
                                       struct parser *parser);

static bool fill_from_tree(struct json_template *node, const struct tree *tree,
                           struct parser *parser)
{
    parser->at = tree;
    if (tree->type == TREE_TEXT)
        return set_text(node, tree->text, parser);
    if (tree->type == TREE_NUMBER)
        node->literal = json_object_new_int64(tree->number);
    else if (tree->type == TREE_BOOL)
        node->literal = json_object_new_boolean(tree->number != 0);
    for (size_t i = 0; i < tree->n; i++) {
        if (!add_item(node, from_tree(&tree->items[i], parser)))
            return false;
    }
    return true;
}

static struct json_template *from_tree(const struct tree *tree,
                                       struct parser *parser)
{
    static const enum json_type types[] = {
        [TREE_GROUP] = json_type_object, [TREE_LIST] = json_type_array,
        [TREE_TEXT] = json_type_string,  [TREE_NUMBER] = json_type_int,
        [TREE_BOOL] = json_type_boolean,
    };
    struct json_template *node = node_new(types[tree->type], tree->name);

    if (fill_from_tree(node, tree, parser))
        return node;
    json_template_free(node);
    return NULL;
}

struct json_template *json_template_parse(const struct tree *tree,
                                          const char *const *names,
                                          struct err *err)
{
    struct parser parser = { tree, names, err };
    struct json_object *value;
    struct json_template *out;

    if (tree->type != TREE_TEXT)
        return from_tree(tree, &parser);
    value = json_parse(tree->text, strlen(tree->text));
    if (!value) {
        tree_mistake(tree, err, "the text is not JSON");
        return NULL;
    }
    out = from_json(NULL, value, &parser);
    json_object_put(value);
    return out;
}

void json_template_free(struct json_template *template)
{
    if (!template)
        return;
    for (size_t i = 0; i < template->n; i++)
        json_template_free(template->items[i]);
    free(template->items);
    free(template->name);
    template_free(template->text);
    json_object_put(template->literal);
    free(template);
}

/* "{to|number}" becomes a number, when it is one. */
static struct json_object *text_value(const struct template *template,
                                      const struct buf *text)
{
    const char *digits = buf_text(text);
    char *end;
    long long number;

    errno = 0;
    number = strtoll(digits, &end, 10);
    if (template_is_number(template) && *digits && !*end && errno == 0)
        return json_object_new_int64(number);
    return json_object_new_string_len(digits, (int)text->len);
}

static enum render render(const struct json_template *node,
                          const char *const *values, struct json_object **out);

static enum render render_text(const struct json_template *node,
                               const char *const *values,
                               struct json_object **out)
{
    struct buf text;
    enum render result;

    buf_init(&text, TEXT_MAX);
    result = template_render(node->text, values, PLACE_TEXT, &text);
    if (result == RENDER_OK)
        *out = text_value(node->text, &text);
    buf_free(&text);
    return result;
}

static enum render render_items(const struct json_template *node,
                                const char *const *values,
                                struct json_object *into)
{
    for (size_t i = 0; i < node->n; i++) {
        struct json_object *item = NULL;
        enum render result = render(node->items[i], values, &item);

        if (result == RENDER_FAILED)
            return result;
        if (result == RENDER_LEFT_OUT)
            continue;
        if (node->type == json_type_array)
            json_object_array_add(into, item);
        else
            json_object_object_add(into, node->items[i]->name, item);
    }
    return RENDER_OK;
}

static enum render render(const struct json_template *node,
                          const char *const *values, struct json_object **out)
{
    enum render result;

    if (node->type == json_type_string)
        return render_text(node, values, out);
    if (node->type != json_type_object && node->type != json_type_array) {
        *out = json_object_get(node->literal);
        return RENDER_OK;
    }
    *out = node->type == json_type_array ? json_object_new_array()
                                         : json_object_new_object();
    result = render_items(node, values, *out);
    if (result != RENDER_OK) {
        json_object_put(*out);
        *out = NULL;
    }
    return result;
}

bool json_template_render(const struct json_template *template,
                          const char *const *values, struct json_object **out)
{
    *out = NULL;
    return render(template, values, out) != RENDER_FAILED;
}

bool json_template_uses(const struct json_template *template, size_t index)
{
    for (size_t i = 0; i < template->n; i++) {
        if (json_template_uses(template->items[i], index))
            return true;
    }
    return template->text && template_uses(template->text, index);
}
