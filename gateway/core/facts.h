/* facts.h - what status_text() of the driver contract fills in: for the control
 * socket and for `moongate modems`. */
#ifndef MOONGATE_FACTS_H
#define MOONGATE_FACTS_H

struct json_object;

/* A `struct status` of driver.h; the object is its user's. */
struct status {
    struct json_object *object;
};

#endif
