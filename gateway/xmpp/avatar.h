/* avatar.h - the pictures of the gateway and of its contacts (XEP-0153). */
#ifndef MOONGATE_XMPP_AVATAR_H
#define MOONGATE_XMPP_AVATAR_H

#include "xmpp/stanza.h"

#define NS_VCARD_UPDATE "vcard-temp:x:update"
#define AVATAR_TYPE "image/png"

enum { AVATAR_SIDE = 64 }; /* pixels */

struct avatar {
    const char *sha1;   /* of the file, in hex */
    const char *base64; /* the file */
};

/* That of a contact; "": of the gateway. */
const struct avatar *avatar_of(const char *contact);

size_t avatar_bytes(const struct avatar *avatar); /* of the file */

/* Says in a presence which picture it is (XEP-0153 3.1). */
void avatar_add_update(xmpp_stanza_t *presence, const char *contact);

#endif
