/* search.h - XEP-0055: a user looks through his own contacts. */
#ifndef MOONGATE_XMPP_SEARCH_H
#define MOONGATE_XMPP_SEARCH_H

#include "xmpp/dispatch.h"

#define NS_SEARCH "jabber:iq:search"

request_fn search_get, search_set;

#endif
