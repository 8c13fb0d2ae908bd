/* trouble.h - why the server does not talk to us, in words that say what to
 * do. Pure. */
#ifndef MOONGATE_XMPP_TROUBLE_H
#define MOONGATE_XMPP_TROUBLE_H

#include <stdbool.h>
#include <stddef.h>

struct condition;

/* Whom it is about. */
struct trouble_names {
    const char *network; /* the group in the configuration */
    const char *jid;     /* the component domain */
    const char *server;  /* as configured */
};

/* A stream error (RFC 6120 4.9.3), cut to `size`. */
void trouble_stream_error(const struct condition *condition,
                          const struct trouble_names *names, char *out,
                          size_t size);

/* A connection that failed or broke, with advice where there is any. */
void trouble_connection(const char *what, const struct trouble_names *names,
                        char *out, size_t size);

/* A stream whose default namespace is not that of components. */
void trouble_namespace(const char *ns, const struct trouble_names *names,
                       char *out, size_t size);

#endif
