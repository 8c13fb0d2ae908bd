/* oob.c - URLs in, URLs and words out. */
#include "xmpp/oob.h"

#include <string.h>
#include <strings.h>

#include "base/media_type.h"
#include "store/store.h"

enum { KIB = 1024, URL_MAX = 2048 };

/* --- in ------------------------------------------------------------------- */

/* Without spaces and controls, so that it ends where a reader thinks it does.
 */
static bool is_url(const char *text)
{
    size_t n = 0;

    if (strncasecmp(text, "https://", 8) != 0 &&
        strncasecmp(text, "http://", 7) != 0)
        return false;
    for (; text[n]; n++) {
        if ((unsigned char)text[n] <= ' ' || n >= URL_MAX)
            return false;
    }
    return true;
}

/* Is the host the domain, or one below it? */
static bool is_at(const char *url, const char *domain)
{
    const char *host = strstr(url, "://") + 3;
    size_t size = strcspn(host, ":/?#"), own = strlen(domain);

    if (size < own || strncasecmp(host + size - own, domain, own) != 0)
        return false;
    return size == own || host[size - own - 1] == '.';
}

static bool is_own_upload(const char *body, const char *domain)
{
    const char *slash = strrchr(body, '/');

    return strncmp(body, "https://", 8) == 0 && is_url(body) &&
           !strpbrk(body, "?#@") && is_at(body, domain) &&
           strcmp(media_name_type(slash), "application/octet-stream") != 0;
}

const char *oob_url(xmpp_stanza_t *message, const char *domain)
{
    xmpp_stanza_t *x = stanza_find(message, "x", NS_OOB);
    xmpp_stanza_t *url = x ? stanza_find(x, "url", NS_OOB) : NULL;
    xmpp_stanza_t *body = stanza_find(message, "body", NS_COMPONENT);

    if (url && is_url(stanza_text(url)))
        return stanza_text(url);
    if (body && is_own_upload(stanza_text(body), domain))
        return stanza_text(body);
    return NULL;
}

void oob_append(struct buf *text, const char *url)
{
    if (strstr(buf_text(text), url))
        return;
    if (text->len > 0)
        buf_add_char(text, '\n');
    buf_add_text(text, url);
}

/* --- out ------------------------------------------------------------------ */

static const char *const reasons[] = {
    [ATTACHMENT_WAITING] = "it is on its way",
    [ATTACHMENT_PUBLISHED] = "",
    [ATTACHMENT_OFF] = "this gateway does not pass media on",
    [ATTACHMENT_TOO_BIG] = "it is too big",
    [ATTACHMENT_BAD_TYPE] = "this gateway does not pass on such files",
    [ATTACHMENT_LOST] = "it could not be fetched",
};
enum { REASONS = sizeof(reasons) / sizeof(reasons[0]) };

static void add_size(int64_t size, struct buf *out)
{
    if (size >= KIB * KIB)
        buf_addf(out, ", %.1f MiB", (double)size / (KIB * KIB));
    else if (size > 0)
        buf_addf(out, ", %lld KiB", (long long)(size + KIB - 1) / KIB);
}

static void add_words(const struct attachment_row *row, struct buf *out)
{
    char type[MEDIA_TYPE_MAX];
    const char *why = (unsigned)row->state < REASONS ? reasons[row->state] : "";

    media_type_clean(row->type, type);
    buf_addf(out, "[%s", media_type_word(type));
    if (row->name && row->name[0])
        buf_addf(out, " %.100s", row->name);
    add_size(row->size, out);
    buf_addf(out, ": %s]", why);
}

void oob_words(const struct delivery *delivery, bool urls, struct buf *out)
{
    for (size_t i = 0; i < delivery->n_attachments; i++) {
        const struct attachment_row *row = &delivery->attachments[i];
        bool published = row->state == ATTACHMENT_PUBLISHED;

        if (published && !urls)
            continue;
        if (out->len > 0)
            buf_add_char(out, '\n');
        if (published)
            buf_add_text(out, row->url);
        else
            add_words(row, out);
    }
}
