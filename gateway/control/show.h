/* show.h - answers of the daemon as text for people, on standard output. */
#ifndef MOONGATE_CONTROL_SHOW_H
#define MOONGATE_CONTROL_SHOW_H

#include <stdio.h>

struct json_object;

/* Text that strangers had a hand in: control characters, which a terminal
 * would obey, become '?'. */
void show_text(FILE *out, const char *text);

void show_status(struct json_object *status);
void show_queue(struct json_object *messages); /* an array */
void show_trace(struct json_object *message);

#endif
