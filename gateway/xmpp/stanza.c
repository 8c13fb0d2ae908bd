/* stanza.c - the only file that puts text into stanzas, and writes them.
 *
 * libstrophe escapes markup but lets every code point through, and both
 * Prosody and ejabberd close the whole stream over one illegal character.
 * Most strings are printable ASCII: they are recognised in one look and
 * handed over without a copy.
 *
 * Its xmpp_stanza_to_text, which prints and copies each attribute on its own,
 * took a fifth of the loop's time under load; stanza_write takes a fifth of
 * that. */
#include "xmpp/stanza.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

enum { ATTRIBUTES_MAX = 16 }; /* of what we write */

static void *context_alloc(size_t size, void *userdata)
{
    (void)userdata;
    return xmalloc(size);
}

static void *context_realloc(void *old, size_t size, void *userdata)
{
    (void)userdata;
    return xrealloc(old, size);
}

static void context_release(void *memory, void *userdata)
{
    (void)userdata;
    free(memory);
}

static const xmpp_mem_t context_memory = {
    .alloc = context_alloc,
    .free = context_release,
    .realloc = context_realloc,
};

xmpp_ctx_t *stanza_context(void)
{
    return xmpp_ctx_new(&context_memory, NULL);
}

/* --- cleaning ----------------------------------------------------------- */

/* Nothing to clean: printable ASCII (and line feeds outside attributes)? */
static bool is_clean(const char *text, bool attribute, size_t *size)
{
    const char *c = text;

    while ((*c >= 0x20 && *c < 0x7f) || (*c == '\n' && !attribute))
        c++;
    *size = (size_t)(c - text);
    if (*c == '\0')
        return true;
    *size += strlen(c);
    return false;
}

/* A cleaned copy in `buf`; every byte can become the three of U+FFFD. */
static const char *clean(struct buf *buf, const char *text, size_t size,
                         bool attribute)
{
    buf_init(buf, 3 * size + 1);
    (void)utf8_clean(buf, text, size);
    for (size_t i = 0; attribute && i < buf->len; i++) {
        if (buf->data[i] == '\n' || buf->data[i] == '\t')
            buf->data[i] = ' ';
    }
    return buf_text(buf);
}

void stanza_set(xmpp_stanza_t *stanza, const char *key, const char *value)
{
    struct buf buf;
    size_t size;

    if (!value)
        return;
    if (is_clean(value, true, &size)) {
        (void)xmpp_stanza_set_attribute(stanza, key, value);
        return;
    }
    (void)xmpp_stanza_set_attribute(stanza, key,
                                    clean(&buf, value, size, true));
    buf_free(&buf);
}

static void set_text(xmpp_stanza_t *stanza, const char *text)
{
    struct buf buf;
    size_t size;

    if (is_clean(text, false, &size)) {
        (void)xmpp_stanza_set_text_with_size(stanza, text, size);
        return;
    }
    (void)xmpp_stanza_set_text(stanza, clean(&buf, text, size, false));
    buf_free(&buf);
}

/* --- building ----------------------------------------------------------- */

xmpp_stanza_t *stanza_new(xmpp_ctx_t *ctx, const char *name, const char *ns)
{
    xmpp_stanza_t *stanza = xmpp_stanza_new(ctx);

    (void)xmpp_stanza_set_name(stanza, name);
    if (ns)
        (void)xmpp_stanza_set_ns(stanza, ns);
    return stanza;
}

/* Appends and gives our reference to the parent. */
static void append(xmpp_stanza_t *parent, xmpp_stanza_t *child)
{
    (void)xmpp_stanza_add_child(parent, child);
    (void)xmpp_stanza_release(child);
}

xmpp_stanza_t *stanza_add(xmpp_stanza_t *parent, const char *name,
                          const char *ns, const char *text)
{
    xmpp_ctx_t *ctx = xmpp_stanza_get_context(parent);
    xmpp_stanza_t *child = stanza_new(ctx, name, ns);

    append(parent, child);
    if (text && text[0]) {
        xmpp_stanza_t *node = xmpp_stanza_new(ctx);

        set_text(node, text);
        append(child, node);
    }
    return child;
}

xmpp_stanza_t *stanza_open(xmpp_ctx_t *ctx, const char *name,
                           const struct envelope *envelope)
{
    xmpp_stanza_t *stanza = stanza_new(ctx, name, NULL);

    stanza_set(stanza, "from", envelope->from);
    stanza_set(stanza, "to", envelope->to);
    stanza_set(stanza, "id", envelope->id);
    stanza_set(stanza, "type", envelope->type);
    return stanza;
}

xmpp_stanza_t *stanza_answer(xmpp_stanza_t *asked, const char *type)
{
    struct envelope envelope = {
        .from = xmpp_stanza_get_to(asked),
        .to = xmpp_stanza_get_from(asked),
        .id = xmpp_stanza_get_id(asked),
        .type = type,
    };

    return stanza_open(xmpp_stanza_get_context(asked),
                       xmpp_stanza_get_name(asked), &envelope);
}

struct refusal refusal_of(const struct err *err)
{
    const struct err_policy *policy = err_policy(err->kind);

    return (struct refusal){
        .condition = policy->condition,
        .type = policy->type,
        .text = err->text,
        .err = err,
    };
}

static void add_cause(xmpp_stanza_t *error, const struct err *err)
{
    const struct err_policy *policy = err_policy(err->kind);
    xmpp_stanza_t *cause =
        stanza_add(error, "failure", NS_MOONGATE_ERRORS, NULL);

    stanza_set(cause, "kind", policy->name);
    if (err->code[0])
        stanza_set(cause, "code", err->code);
    stanza_set(cause, "retryable", policy->retry ? "true" : "false");
}

void stanza_refuse(xmpp_stanza_t *stanza, const struct refusal *refusal)
{
    xmpp_stanza_t *error = stanza_add(stanza, "error", NULL, NULL);

    stanza_set(stanza, "type", "error");
    stanza_set(error, "type", refusal->type);
    stanza_add(error, refusal->condition, NS_STANZA_ERRORS, refusal->uri);
    if (refusal->text && refusal->text[0]) {
        xmpp_stanza_t *text =
            stanza_add(error, "text", NS_STANZA_ERRORS, refusal->text);

        stanza_set(text, "xml:lang", "en");
    }
    if (refusal->err && refusal->err->kind == ERR_BLOCKED)
        stanza_add(error, "blocked", "urn:xmpp:blocking:errors", NULL);
    if (refusal->err)
        add_cause(error, refusal->err);
}

/* --- writing ------------------------------------------------------------ */

static const char *entity(char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    default:
        return "&quot;";
    }
}

static void write_escaped(struct buf *out, const char *text)
{
    for (;;) {
        size_t plain = strcspn(text, "<>&\"");

        (void)buf_add(out, text, plain);
        text += plain;
        if (*text == '\0')
            return;
        (void)buf_add_text(out, entity(*text++));
    }
}

/* A namespace is left out where it is that of the parent. */
static void write_attributes(struct buf *out, xmpp_stanza_t *element,
                             const char *parent_ns)
{
    const char *pairs[2 * ATTRIBUTES_MAX];
    int n = xmpp_stanza_get_attributes(element, pairs, 2 * ATTRIBUTES_MAX);

    assert(xmpp_stanza_get_attribute_count(element) <= ATTRIBUTES_MAX);
    for (int i = 0; i + 1 < n; i += 2) {
        if (parent_ns && strcmp(pairs[i], "xmlns") == 0 &&
            strcmp(pairs[i + 1], parent_ns) == 0)
            continue;
        (void)buf_add_char(out, ' ');
        (void)buf_add_text(out, pairs[i]);
        (void)buf_add(out, "=\"", 2);
        write_escaped(out, pairs[i + 1]);
        (void)buf_add_char(out, '"');
    }
}

/* What we send is a few levels deep. */
static void write_node(struct buf *out, xmpp_stanza_t *node,
                       const char *parent_ns)
{
    const char *name = xmpp_stanza_get_name(node);
    xmpp_stanza_t *child = xmpp_stanza_get_children(node);

    if (xmpp_stanza_is_text(node)) {
        write_escaped(out, xmpp_stanza_get_text_ptr(node));
        return;
    }
    (void)buf_add_char(out, '<');
    (void)buf_add_text(out, name);
    write_attributes(out, node, parent_ns);
    if (!child) {
        (void)buf_add(out, "/>", 2);
        return;
    }
    (void)buf_add_char(out, '>');
    for (; child; child = xmpp_stanza_get_next(child))
        write_node(out, child, xmpp_stanza_get_ns(node));
    (void)buf_add(out, "</", 2);
    (void)buf_add_text(out, name);
    (void)buf_add_char(out, '>');
}

bool stanza_write(xmpp_stanza_t *stanza, struct buf *out)
{
    write_node(out, stanza, NULL);
    return !out->over;
}

/* --- reading ------------------------------------------------------------ */

bool stanza_is(xmpp_stanza_t *stanza, const char *name, const char *ns)
{
    const char *own = xmpp_stanza_get_ns(stanza);

    return own && strcmp(own, ns) == 0 &&
           (!name || strcmp(xmpp_stanza_get_name(stanza), name) == 0);
}

static xmpp_stanza_t *skip_text(xmpp_stanza_t *node)
{
    while (node && xmpp_stanza_is_text(node))
        node = xmpp_stanza_get_next(node);
    return node;
}

xmpp_stanza_t *stanza_first(xmpp_stanza_t *stanza)
{
    return skip_text(xmpp_stanza_get_children(stanza));
}

xmpp_stanza_t *stanza_after(xmpp_stanza_t *child)
{
    return skip_text(xmpp_stanza_get_next(child));
}

xmpp_stanza_t *stanza_find(xmpp_stanza_t *stanza, const char *name,
                           const char *ns)
{
    xmpp_stanza_t *child = stanza_first(stanza);

    while (child && !stanza_is(child, name, ns))
        child = stanza_after(child);
    return child;
}

const char *stanza_text(xmpp_stanza_t *stanza)
{
    xmpp_stanza_t *node = xmpp_stanza_get_children(stanza);

    while (node && !xmpp_stanza_is_text(node))
        node = xmpp_stanza_get_next(node);
    return node ? xmpp_stanza_get_text_ptr(node) : "";
}

struct condition stanza_condition(xmpp_stanza_t *error, const char *ns)
{
    struct condition condition = { "undefined-condition", "" };

    for (xmpp_stanza_t *child = stanza_first(error); child;
         child = stanza_after(child)) {
        if (!stanza_is(child, NULL, ns))
            continue;
        if (strcmp(xmpp_stanza_get_name(child), "text") == 0)
            condition.text = stanza_text(child);
        else
            condition.name = xmpp_stanza_get_name(child);
    }
    return condition;
}
