/* address.h - IP addresses: which of them a stranger may make us connect to,
 * and lists of them in the configuration. Pure. */
#ifndef MOONGATE_TOOLKIT_ADDRESS_H
#define MOONGATE_TOOLKIT_ADDRESS_H

#include <stdbool.h>

struct sockaddr;

/* Is it an address of the open Internet? False for everything private, of this
 * machine or link, shared, reserved, multicast, of a cloud's metadata service,
 * and for IPv6 forms that carry such an IPv4 address (RFC 6890, RFC 6052). */
bool address_is_public(const struct sockaddr *address);

/* Is it in one of the networks of `list`: "127.0.0.1 10.0.0.0/8,fd00::/8"? NULL
 * and "" hold nothing; an entry that is no network fits nothing. */
bool address_in(const struct sockaddr *address, const char *list);

/* Is every entry of `list` a network or an address? */
bool address_list_valid(const char *list);

/* As address_in, for an address in text form. */
bool address_text_in(const char *text, const char *list);

#endif
