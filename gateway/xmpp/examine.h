/* examine.h - what `doctor` finds out about the server: asks it as any entity
 * may (XEP-0030, 0092, 0199), and compares with what we need. */
#ifndef MOONGATE_XMPP_EXAMINE_H
#define MOONGATE_XMPP_EXAMINE_H

#include "core/finding.h"
#include "xmpp/component.h"

/* Calls `found` for each thing that was looked at, then with NULL; maybe
 * before it returns. Ends by itself when the stream dies. */
void examine(struct component *component, finding_fn *found, void *arg);

#endif
