/* jid.c - splitting, folding and escaping of XMPP addresses.
 *
 * Folding is ASCII only: the servers have already prepared every address that
 * reaches us (RFC 7622 and its predecessors map A-Z to a-z), and the local
 * parts we make ourselves are lower case by construction. libstrophe is not
 * asked: its 0.12.2 reads "evil.org/x@trusted.org" as domain trusted.org. */
#include "xmpp/jid.h"

#include <string.h>

#include "base/utf8.h"

static const char name_prefix[] = "alpha-";
static const char name_scheme[] = "name:";
static const char hex_digits[] = "0123456789abcdef";

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

/* Copies size bytes of a part, folded when asked. False for a wrong size or
 * a byte out of `barred` or a control. */
static bool copy_part(char *out, const char *text, size_t size,
                      const char *barred)
{
    if (size == 0 || size > JID_PART_MAX)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (is_control(text[i]) || (barred && strchr(barred, text[i])))
            return false;
        out[i] = barred ? lower(text[i]) : text[i];
    }
    out[size] = '\0';
    return utf8_valid(text, size);
}

bool jid_parse(const char *text, struct jid *jid)
{
    struct jid parsed;
    const char *slash = strchr(text, '/');
    size_t bare = slash ? (size_t)(slash - text) : strlen(text);
    const char *at = memchr(text, '@', bare);
    const char *domain = at ? at + 1 : text;
    size_t size = bare - (size_t)(domain - text);

    parsed.local[0] = parsed.resource[0] = '\0';
    if (slash &&
        !copy_part(parsed.resource, slash + 1, strlen(slash + 1), NULL))
        return false;
    if (at && !copy_part(parsed.local, text, (size_t)(at - text), " \"&'/:<>@"))
        return false;
    if (size > 0 && domain[size - 1] == '.') /* RFC 7622 3.2 */
        size--;
    if (size > 0 && domain[size - 1] == '.')
        return false;
    if (!copy_part(parsed.domain, domain, size, " \"&'<>@"))
        return false;
    *jid = parsed;
    return true;
}

static char *append(char *out, const char *text)
{
    size_t size = strlen(text);

    memcpy(out, text, size + 1);
    return out + size;
}

void jid_bare(const struct jid *jid, char *out)
{
    if (jid->local[0]) {
        out = append(out, jid->local);
        *out++ = '@';
    }
    append(out, jid->domain);
}

void jid_full(const struct jid *jid, char *out)
{
    jid_bare(jid, out);
    if (jid->resource[0]) {
        out += strlen(out);
        *out++ = '/';
        append(out, jid->resource);
    }
}

bool jid_equal_bare(const struct jid *a, const struct jid *b)
{
    return strcmp(a->domain, b->domain) == 0 && strcmp(a->local, b->local) == 0;
}

const char *jid_parent_domain(const char *domain)
{
    const char *dot = strchr(domain, '.');

    return dot && dot[1] ? dot + 1 : NULL;
}

/* --- XEP-0106 ----------------------------------------------------------- */

static int hex_value(char c)
{
    const char *at = c ? strchr(hex_digits, c) : NULL;

    return at ? (int)(at - hex_digits) : -1;
}

/* The character that the escape at `text` ("\20" and so on) stands for, or
 * NUL when there is no escape. XEP-0106 4.2: only these ten, lower case. */
static char escape_at(const char *text)
{
    int high, low;
    char c;

    if (text[0] != '\\' || (high = hex_value(text[1])) < 0 ||
        (low = hex_value(text[2])) < 0)
        return '\0';
    c = (char)(high * 16 + low);
    return c && strchr(" \"&'/:<>@\\", c) ? c : '\0';
}

/* A small writer that remembers whether it ran over. */
struct writer {
    char *out;
    size_t len, max; /* max without the NUL */
};

static bool put(struct writer *writer, char c)
{
    if (writer->len >= writer->max)
        return false;
    writer->out[writer->len++] = c;
    writer->out[writer->len] = '\0';
    return true;
}

static bool put_hex(struct writer *writer, char mark, char c)
{
    unsigned byte = (unsigned char)c;

    return put(writer, mark) && put(writer, hex_digits[byte >> 4]) &&
           put(writer, hex_digits[byte & 15]);
}

bool jid_escape(const char *text, char *out)
{
    struct writer writer = { out, 0, JID_PART_MAX };
    size_t size = strlen(text);

    if (size == 0 || text[0] == ' ' || text[size - 1] == ' ' ||
        !utf8_valid(text, size))
        return false;
    for (const char *c = text; *c; c++) {
        bool escape = strchr(" \"&'/:<>@", *c) || escape_at(c);

        if (is_control(*c))
            return false;
        if (!(escape ? put_hex(&writer, '\\', *c) : put(&writer, *c)))
            return false;
    }
    return true;
}

bool jid_unescape(const char *local, char *out)
{
    struct writer writer = { out, 0, JID_PART_MAX };

    for (const char *c = local; *c; c++) {
        char plain = escape_at(c);

        if (plain == ' ' && (c == local || c[3] == '\0'))
            return false;
        if (!put(&writer, plain ? plain : *c))
            return false;
        if (plain)
            c += 2;
    }
    return writer.len > 0;
}

/* --- foreign addresses -------------------------------------------------- */

bool jid_is_name(const char *local)
{
    return strncmp(local, name_prefix, sizeof(name_prefix) - 1) == 0;
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
}

static bool put_name_char(struct writer *writer, char c)
{
    if (is_plain(c))
        return put(writer, c);
    if (c >= 'A' && c <= 'Z')
        return put(writer, '_') && put(writer, lower(c));
    return put_hex(writer, '=', c);
}

static bool name_encode(const char *name, char *out)
{
    struct writer writer = { out, 0, JID_PART_MAX };

    if (name[0] == '\0' || !utf8_valid(name, strlen(name)))
        return false;
    for (const char *c = name_prefix; *c; c++)
        (void)put(&writer, *c);
    for (; *name; name++) {
        if (!put_name_char(&writer, *name))
            return false;
    }
    return true;
}

/* Reads one encoded character of a name; returns the bytes it took, or 0. */
static size_t name_char(const char *text, char *c)
{
    int high, low;

    *c = text[0];
    if (text[0] == '_' && text[1] >= 'a' && text[1] <= 'z') {
        *c = (char)(text[1] - 'a' + 'A');
        return 2;
    }
    if (text[0] == '=' && (high = hex_value(text[1])) >= 0 &&
        (low = hex_value(text[2])) >= 0 && high + low > 0) {
        *c = (char)(high * 16 + low);
        return 3;
    }
    return is_plain(text[0]) ? 1 : 0;
}

static bool name_decode(const char *local, char *out)
{
    struct writer writer = { out, 0, ADDRESS_SIZE - 1 };
    const char *text = local + sizeof(name_prefix) - 1;
    size_t size;

    if (*text == '\0')
        return false;
    for (const char *c = name_scheme; *c; c++)
        (void)put(&writer, *c);
    for (; *text; text += size) {
        char c;

        size = name_char(text, &c);
        if (size == 0 || !put(&writer, c))
            return false;
    }
    return utf8_valid(out, writer.len);
}

bool jid_from_address(const char *address, bool phones, char *out)
{
    size_t scheme = sizeof(name_scheme) - 1;

    if (phones && strncmp(address, name_scheme, scheme) == 0)
        return name_encode(address + scheme, out);
    if (phones && jid_is_name(address))
        return false; /* it would come back as a name */
    return jid_escape(address, out);
}

bool jid_to_address(const char *local, bool phones, char *out)
{
    if (phones && jid_is_name(local))
        return name_decode(local, out);
    return jid_unescape(local, out);
}

/* RFC 5122 2.2: unreserved and nodeallow stay as they are. */
static bool uri_plain(char c)
{
    return is_plain(c) || (c >= 'A' && c <= 'Z') ||
           (c && strchr("_~!$()*+,=", c));
}

static bool put_uri(struct writer *writer, const char *text)
{
    for (; *text; text++) {
        if (!(uri_plain(*text) ? put(writer, *text)
                               : put_hex(writer, '%', *text)))
            return false;
    }
    return true;
}

bool jid_uri(const char *local, const char *domain, char *out, size_t size)
{
    struct writer writer = { out, 0, size - 1 };

    for (const char *c = "xmpp:"; *c; c++) {
        if (!put(&writer, *c))
            return false;
    }
    return (!local[0] || (put_uri(&writer, local) && put(&writer, '@'))) &&
           put_uri(&writer, domain);
}
