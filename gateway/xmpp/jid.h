/* jid.h - XMPP addresses (RFC 7622) and the local parts of foreign addresses.
 * Pure. Parts are at most JID_PART_MAX bytes; local part and domain are
 * compared and kept in ASCII lower case, the resource as it is. */
#ifndef MOONGATE_XMPP_JID_H
#define MOONGATE_XMPP_JID_H

#include <stdbool.h>
#include <stddef.h>

enum {
    JID_PART_MAX = 1023,
    JID_BARE_SIZE = 2 * JID_PART_MAX + 2, /* with '@' and the final NUL */
    JID_SIZE = 3 * JID_PART_MAX + 3,      /* with '@', '/' and the NUL */
    ADDRESS_SIZE = 1024,                  /* a foreign address with its NUL */
};

/* Absent parts are empty. */
struct jid {
    char local[JID_PART_MAX + 1];
    char domain[JID_PART_MAX + 1];
    char resource[JID_PART_MAX + 1];
};

/* Splits at the first '/', then at the first '@' before it (RFC 7622 3.1), and
 * folds. False for empty or overlong parts, invalid UTF-8, controls, and
 * characters that 3.3.1 bars from a local part; *jid is untouched then. */
bool jid_parse(const char *text, struct jid *jid);

/* Bare and full text; `out` has JID_BARE_SIZE and JID_SIZE bytes. */
void jid_bare(const struct jid *jid, char *out);
void jid_full(const struct jid *jid, char *out);

bool jid_equal_bare(const struct jid *a, const struct jid *b);

/* `domain` without its first label: "example.org" for "sms.example.org";
 * NULL when nothing is left. Points into `domain`. */
const char *jid_parent_domain(const char *domain);

/* XEP-0106 1.1.1. `out` has JID_PART_MAX + 1 bytes. Escaping fails when the
 * result is too long, or the text is empty, begins or ends with a space, or
 * holds controls; unescaping when `\20` is first or last. */
bool jid_escape(const char *text, char *out);
bool jid_unescape(const char *local, char *out);

/* The local part that stands for a foreign address, and back. With `phones`,
 * "name:TEXT" (the alphanumeric sender TEXT of a text message) is written
 * `alpha-` and TEXT with `_a` for A and `=hh` for other bytes than lower-case
 * letters, digits, '-' and '.': it survives case folding, holds no character
 * that is special in a JID, and is never a number. Everything else is escaped
 * by XEP-0106, which leaves canonical numbers as they are.
 *
 * jid_to_address does not ask whether the address is canonical; false when it
 * cannot be one. `out` has JID_PART_MAX + 1 and ADDRESS_SIZE bytes. */
bool jid_from_address(const char *address, bool phones, char *out);
bool jid_to_address(const char *local, bool phones, char *out);

/* Is `local` in the `alpha-` form (well formed or not)? */
bool jid_is_name(const char *local);

/* "xmpp:LOCAL@DOMAIN" with the escapes of RFC 5122 2.2. `out` has `size`
 * bytes; false when it does not fit. */
bool jid_uri(const char *local, const char *domain, char *out, size_t size);

#endif
