/* deliver.h - messages to XMPP users: the front's deliver, settle, notice,
 * remark. */
#ifndef MOONGATE_XMPP_DELIVER_H
#define MOONGATE_XMPP_DELIVER_H

#include <stdbool.h>

struct component;
struct delivery;
struct moved;
struct remark;

/* `account` or its server refused what came from the contact's JID: for a day
 * texts of that contact come from the gateway's own JID. */
void deliver_relayed(struct component *component, const char *account,
                     const char *contact);

/* As the members of struct front say. */
bool deliver_text(struct component *component, const struct delivery *delivery);
bool deliver_outcome(struct component *component, const struct moved *moved,
                     bool late);
void deliver_displayed(struct component *component, const struct moved *moved);
bool deliver_notice(struct component *component, const char *to,
                    const char *text);
bool deliver_remark(struct component *component, const struct remark *remark);

#endif
