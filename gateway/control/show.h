/* show.h - answers of the daemon as text for people, on standard output. */
#ifndef MOONGATE_CONTROL_SHOW_H
#define MOONGATE_CONTROL_SHOW_H

struct json_object;

void show_status(struct json_object *status);
void show_queue(struct json_object *messages); /* an array */
void show_trace(struct json_object *message);

/* Any rows, an array: a column for each member of the first one. */
void show_rows(struct json_object *rows);

#endif
