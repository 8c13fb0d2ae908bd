/* upload.h - the server's upload service (XEP-0363): where it is, and slots. */
#ifndef MOONGATE_XMPP_UPLOAD_H
#define MOONGATE_XMPP_UPLOAD_H

#include "core/front.h"
#include "xmpp/component.h"

struct upload;

struct upload *upload_new(struct component *component);
void upload_free(struct upload *upload);

/* As struct front says. The service is looked for when it is first needed:
 * options.upload, or else the parent domain and its items. */
void upload_ask(struct upload *upload, const struct upload_file *file,
                upload_fn *fn, void *arg);

void upload_up(struct upload *upload); /* a new stream: look again */

#endif
