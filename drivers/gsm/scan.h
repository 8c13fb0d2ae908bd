/* scan.h - finding a modem among the serial ports by its IMEI or its SIM's
 * IMSI, and listing what is plugged in. */
#ifndef MOONGATE_GSM_SCAN_H
#define MOONGATE_GSM_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "driver.h"
#include "gsm/probe.h"

struct gsm;
struct seek;

/* What `device` names when it is no port: "imei:490154203237518". */
struct identity {
    bool by_sim; /* an IMSI */
    const char *digits;
};

/* False when `device` is a port. */
bool identity_parse(const char *device, struct identity *out);

/* The whole number is needed: 14 to 16 digits of an IMEI (with or without
 * check digit or software version), 14 or 15 of an IMSI. */
bool identity_check(const struct identity *identity, struct err *err);

/* IMEIs are compared by the 14 digits that they always have. */
bool identity_fits(const struct identity *identity,
                   const struct probe_facts *facts);

/* Is it a device that is never a modem, and dislikes to be spoken to? */
bool place_is_no_modem(const struct serial_place *place);

/* GSM_SEEKING: looks until the modem is found, then goes on to PROBING. */
void gsm_seek_enter(struct gsm *g);
void gsm_seek_timeout(struct gsm *g);

/* The line has ended, or the port is found: closes what is being asked. */
void gsm_seek_end(struct gsm *g);
void gsm_seek_drop(struct gsm *g); /* the memory alone, from `destroy` */

/* driver.discover */
void gsm_discover(struct owner *owner, const struct discovery *discovery);

#endif
