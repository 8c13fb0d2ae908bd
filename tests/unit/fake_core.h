/* fake_core.h - stands in for the core in tests of drivers: implements what
 * driver.h promises (line_*, parts_add, status_text) and writes down every
 * up-call as one line of text, in order. Received messages are acknowledged
 * after the driver has returned, as the core does. */
#ifndef MOONGATE_TESTS_FAKE_CORE_H
#define MOONGATE_TESTS_FAKE_CORE_H

#include <stdbool.h>
#include <stddef.h>

#include "driver.h"

struct fake;

/* Options as "key=value" texts, ended by NULL. */
struct fake *fake_new(const struct driver *driver, const char *const *options);
void fake_free(struct fake *fake); /* closes everything, frees, checks */

struct line *fake_line(struct fake *fake);
bool fake_start(struct fake *fake); /* false: fake_error says why */
const struct err *fake_error(const struct fake *fake);

/* As the core does after line_offline: everything is closed and the driver is
 * destroyed. Then fake_start may be called again; line_state_put values and
 * the record stay. */
void fake_close(struct fake *fake);

/* What ack to give from now on; `hold`: none until fake_release. */
void fake_ack(struct fake *fake, enum ack ack, bool hold);
void fake_release(struct fake *fake);

/* Runs the loop until a line of the record (after those that earlier waits
 * have taken) contains `text`, and returns it, or NULL after the time. The
 * lines:
 *   online CAPS SIM | offline KIND TEXT
 *   received CHAT|TEXT[ in slot SLOT][ for ACCOUNT]
 *   told CHAT|TEXT (a KIND_NOTICE)
 *   attached SOURCE TYPE NAME SIZE (after its received; "-": none)
 *   located CALL api|media URL | located CALL KIND TEXT
 *   answer CALL TEXT[ (more)] | contact CHAT NAME | gone CHAT | notice TEXT
 *   part SET SEQ/TOTAL | joined CHAT|TEXT
 *   sent TICKET ID | failed TICKET KIND SCOPE CODE TEXT | unsure TICKET WHY
 *   report ID CHAT KIND | state KEY VALUE | status KEY VALUE */
const char *fake_wait(struct fake *fake, const char *text, int timeout_ms);

/* Does any line of the record contain it? How many do? */
size_t fake_count(const struct fake *fake, const char *text);

/* The remote_id of the last received message or part. */
const char *fake_last_id(const struct fake *fake);

/* plan() of one text; the parts are kept. Returns their number, 0 on error. */
size_t fake_plan(struct fake *fake, const char *to, const char *text);
void fake_manner(struct fake *fake, const char *manner); /* of later plans */
void fake_attach(struct fake *fake, const char *url);    /* to them */
const char *fake_remark(const struct fake *fake);        /* of the last plan */
const char *fake_about(const struct fake *fake);
const void *fake_part(const struct fake *fake, size_t i, size_t *size);

/* send() of part i of the last plan; returns what it returned. */
bool fake_send(struct fake *fake, size_t i, uint64_t ticket, bool repeat);

/* command() of the driver; returns what it returned. */
bool fake_command(struct fake *fake, const char *name, const char *argument,
                  uint64_t call);

/* The value that status() gives for a key, or NULL. */
const char *fake_status(struct fake *fake, const char *key);

void fake_run(struct fake *fake, int ms); /* lets time pass */

#endif
