/* metrics.h - the status object as Prometheus text (exposition format 0.0.4).*/
#ifndef MOONGATE_CONTROL_METRICS_H
#define MOONGATE_CONTROL_METRICS_H

#include "base/buf.h"

struct json_object;

/* Pure. `status` is what control_source.status gives. Labels are names of the
 * configuration and states only: never numbers or JIDs. */
void metrics_write(struct json_object *status, struct buf *out);

#endif
