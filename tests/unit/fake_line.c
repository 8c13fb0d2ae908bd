/* fake_line.c - the fake core's side of driver.h: what a driver may ask about
 * its line, and its up-calls, each written down as one line of text. */
#include "fake_inside.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void parts_add(struct parts *parts, const void *bytes, size_t size)
{
    assert(parts->n < FAKE_PARTS_MAX);
    parts->bytes[parts->n] = xmemdup(bytes, size);
    parts->size[parts->n++] = size;
}

void parts_remark(struct parts *parts, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(parts->remark, sizeof(parts->remark), format, args);
    va_end(args);
}

void parts_describe(struct parts *parts, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(parts->about, sizeof(parts->about), format, args);
    va_end(args);
}

void line_answer(struct line *line, uint64_t call, const char *text, bool more,
                 const struct err *err)
{
    fake_record(line->fake, "answer %llu %s%s", (unsigned long long)call,
                err != NULL ? err->text : text, more ? " (more)" : "");
}

void line_contact(struct line *line, const char *chat, const char *name)
{
    fake_record(line->fake, "contact %s %s", chat, name);
}

void line_contact_picture(struct line *line, const char *chat, const char *id,
                          const char *source)
{
    fake_record(line->fake, "picture %s %s %s", chat, id ? id : "-",
                source ? source : "-");
}

void line_notice(struct line *line, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    fake_record(line->fake, "notice %s", text);
}

void status_text(struct status *status, const char *key, const char *format,
                 ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    fake_record(status->fake, "status %s %s", key, text);
}

struct owner *line_owner(struct line *line)
{
    return &line->owner;
}

void *line_state(struct line *line)
{
    return line->state;
}

const struct settings *line_options(const struct line *line)
{
    return line->settings;
}

const char *line_name(const struct line *line)
{
    return settings_name(line->settings);
}

void line_online(struct line *line, unsigned caps, const char *sim)
{
    fake_record(line->fake, "online %u %s", caps, sim);
}

void line_offline(struct line *line, const struct err *err)
{
    fake_record(line->fake, "offline %s %s", err_policy(err->kind)->name,
                err->text);
}

static void record_attachment(struct fake *fake, const struct attachment *a)
{
    fake_record(fake, "attached %s %s %s %lld", a->source,
                a->type != NULL ? a->type : "-",
                a->name != NULL ? a->name : "-", (long long)a->size);
}

void line_located(struct line *line, uint64_t call,
                  const struct http_request *request, const struct err *err)
{
    if (request != NULL)
        fake_record(line->fake, "located %u %s %s", (unsigned)call,
                    request->profile == HTTP_MEDIA ? "media" : "api",
                    request->url);
    else
        fake_record(line->fake, "located %u %s %s", (unsigned)call,
                    err_policy(err->kind)->name, err->text);
}

const char *line_media_networks(const struct line *line)
{
    (void)line;
    return "127.0.0.0/8 ::1";
}

int64_t line_media_max(const struct line *line)
{
    (void)line;
    return 1024 * 1024;
}

void line_received(struct line *line, const struct incoming *messages, size_t n,
                   uint64_t token)
{
    for (size_t i = 0; i < n; i++) {
        const char *id = messages[i].remote_id;

        text_copy(line->fake->last_id, sizeof(line->fake->last_id),
                  id != NULL ? id : "");
        fake_record(line->fake, "%s %s|%s%s%s%s%s",
                    messages[i].kind == KIND_NOTICE ? "told" : "received",
                    messages[i].chat, messages[i].text,
                    messages[i].slot != NULL ? " in slot " : "",
                    messages[i].slot != NULL ? messages[i].slot : "",
                    messages[i].account != NULL ? " for " : "",
                    messages[i].account != NULL ? messages[i].account : "");
        for (size_t k = 0; k < messages[i].n_attachments; k++)
            record_attachment(line->fake, &messages[i].attachments[k]);
    }
    fake_want_ack(line->fake, token);
}

void line_received_and_put(struct line *line, const struct incoming *messages,
                           size_t n, uint64_t token, const char *key,
                           const char *value)
{
    free(line->fake->key);
    free(line->fake->value);
    line->fake->key = xstrdup(key);
    line->fake->value = xstrdup(value);
    line_received(line, messages, n, token);
}

void line_contact_gone(struct line *line, const char *chat)
{
    fake_record(line->fake, "gone %s", chat);
}

static struct set *set_find(struct fake *fake, const char *name,
                            const char *chat, unsigned total)
{
    struct set *set;

    for (size_t i = 0; i < fake->n_sets; i++)
        if (strcmp(fake->sets[i].name, name) == 0)
            return &fake->sets[i];
    assert(fake->n_sets < FAKE_SETS_MAX);
    set = &fake->sets[fake->n_sets++];
    set->name = xstrdup(name);
    set->chat = xstrdup(chat);
    set->total = total;
    return set;
}

static int by_seq(const void *a, const void *b)
{
    const struct fragment *x = a, *y = b;

    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void set_add(struct set *set, const struct fragment *fragment)
{
    for (unsigned i = 0; i < set->n; i++)
        if (set->fragments[i].seq == fragment->seq)
            return;
    assert(set->n < FAKE_PARTS_MAX);
    set->fragments[set->n++] = (struct fragment){
        .seq = fragment->seq,
        .bytes = xmemdup(fragment->bytes, fragment->size),
        .size = fragment->size,
    };
    qsort(set->fragments, set->n, sizeof(set->fragments[0]), by_seq);
}

void line_received_part(struct line *line, const struct incoming *message,
                        const char *set, unsigned total,
                        const struct fragment *fragment, uint64_t token)
{
    struct fake *fake = line->fake;
    struct set *found = set_find(fake, set, message->chat, total);
    char *text;

    text_copy(fake->last_id, sizeof(fake->last_id), message->remote_id);
    fake_record(fake, "part %s %u/%u", set, fragment->seq, total);
    set_add(found, fragment);
    if (found->n == total) {
        if (fake->driver->assemble(line, found->fragments, found->n, total,
                                   &text, &fake->error)) {
            fake_record(fake, "joined %s|%s", message->chat, text);
            free(text);
        } else {
            fake_record(fake, "unjoined %s", fake->error.text);
        }
    }
    fake_want_ack(fake, token);
}

void line_sent(struct line *line, uint64_t ticket, const char *remote_id)
{
    fake_record(line->fake, "sent %u %s", (unsigned)ticket, remote_id);
}

void line_failed(struct line *line, uint64_t ticket, const struct err *err)
{
    fake_record(line->fake, "failed %u %s %s %s %s", (unsigned)ticket,
                err_policy(err->kind)->name,
                err->scope == SCOPE_LINE ? "line" : "message", err->code,
                err->text);
}

void line_unsure(struct line *line, uint64_t ticket, const char *why)
{
    fake_record(line->fake, "unsure %u %s", (unsigned)ticket, why);
}

void line_report(struct line *line, const char *remote_id, const char *chat,
                 enum report_kind kind, int64_t at, const struct err *err,
                 uint64_t token)
{
    static const char *const kinds[] = { "delivered", "read", "pending",
                                         "failed" };

    fake_record(line->fake, "report %s %s %s %s%s", remote_id, chat,
                kinds[kind], err != NULL ? err->text : "",
                at == 0 ? " undated" : "");
    if (token != 0)
        fake_want_ack(line->fake, token);
}

void line_state_put(struct line *line, const char *key, const char *value)
{
    fake_record(line->fake, "state %s %s", key, value != NULL ? value : "-");
}

const char *line_state_get(struct line *line, const char *key)
{
    const char *value = fake_last(line->fake, "state", key);

    return value == NULL || strcmp(value, "-") == 0 ? NULL : value;
}
