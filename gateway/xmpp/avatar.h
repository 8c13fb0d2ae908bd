/* avatar.h - the pictures of the gateway and of its contacts (XEP-0153). */
#ifndef MOONGATE_XMPP_AVATAR_H
#define MOONGATE_XMPP_AVATAR_H

#include "core/front.h"
#include "xmpp/stanza.h"

#define NS_VCARD_UPDATE "vcard-temp:x:update"

struct avatar {
    const char *sha1;   /* of the file, in hex */
    const char *base64; /* the file */
    const char *type;   /* MIME */
    unsigned side;      /* pixels; 0: unknown */
};

/* That of a contact of which its network tells none; "": of the gateway. */
const struct avatar *avatar_of(const char *contact);

/* The hash of the picture that the account sees of the contact. Borrowed until
 * the next callback. */
const char *avatar_sha1(const struct network *network, const char *account,
                        const char *contact);

size_t avatar_bytes(const struct avatar *avatar); /* of the file */

/* Says in a presence which picture it is (XEP-0153 3.1). */
void avatar_add_update(xmpp_stanza_t *presence, const char *sha1);

#endif
