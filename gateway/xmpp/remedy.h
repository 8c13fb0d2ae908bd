/* remedy.h - the lines that a server's configuration lacks, for the servers
 * that we know. Pure. */
#ifndef MOONGATE_XMPP_REMEDY_H
#define MOONGATE_XMPP_REMEDY_H

#include "xmpp/trouble.h"

enum server {
    SERVER_UNKNOWN,
    SERVER_PROSODY,
    SERVER_EJABBERD,
    SERVER_OPENFIRE,
    SERVER_TIGASE,
    SERVERS,
};

enum lack {
    LACK_COMPONENT, /* the server does not know us, or not our secret */
    LACK_LISTING,   /* XEP-0030: nobody can find us */
    LACK_PRIVILEGE, /* XEP-0356, or 0321 */
    LACK_UPLOAD,    /* XEP-0363: nobody has it */
    LACK_SLOT,      /* XEP-0363: users have it, we do not */
    LACK_OWN_ROUTE, /* we get what belongs to others */
};

/* The server by the name that it gives itself (XEP-0092, or its identity). */
enum server remedy_server(const char *name);

/* Lines to paste, "" when this server needs none; for SERVER_UNKNOWN those of
 * all servers. The caller frees. */
char *remedy_lines(enum lack lack, enum server server,
                   const struct trouble_names *names);

#endif
