/* kind.h - the kinds of messages, for drivers and the XMPP side alike. The
 * numbers are in the store. */
#ifndef MOONGATE_BASE_KIND_H
#define MOONGATE_BASE_KIND_H

enum message_kind {
    KIND_TEXT, /* with a target: a reply to that message */
    KIND_MEDIA,
    KIND_EDIT,       /* the text takes the place of the target's */
    KIND_RETRACTION, /* takes the target back */
    KIND_REACTION,   /* all emoji with which the author reacts to the target,
                        with a space between; "" takes them back */
    KIND_MARKER,
    KIND_NOTICE,
};

#endif
