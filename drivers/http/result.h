/* result.h - what an answer means: ordered rules of a provider file, and what
 * HTTP itself says where none fits. Pure. */
#ifndef MOONGATE_HTTP_RESULT_H
#define MOONGATE_HTTP_RESULT_H

#include <stdbool.h>

#include "base/err.h"
#include "http/pick.h"

struct result;
struct rules;
struct tree;

enum verdict { VERDICT_ACCEPTED, VERDICT_FAILED, VERDICT_UNSURE };

struct outcome {
    enum verdict verdict;
    struct err err;      /* unless accepted */
    char remote_id[256]; /* of an accepted one; "" when there is none */
    char parts[2048];    /* ids of its SMS, blanks between; "" when not told */
};

/* The group `result`; NULL stands for an empty one. ERR_CONFIG with the place.
 */
struct result *result_parse(const struct tree *group, struct err *err);
void result_free(struct result *result); /* NULL is fine */

/* Is the id ours ("own"), whatever the answer says? */
bool result_own_id(const struct result *result);

/* `retry_after`: the header's seconds, 0 when it had none. */
void result_map(const struct result *result, int status, int retry_after,
                const struct payload *payload, struct outcome *out);

/* A list of { at, is, not, status, then } alone, for reports of failure. */
bool result_rules_parse(const struct tree *group, const char *key,
                        struct rules **out, struct err *err);
void result_rules_free(struct rules *rules); /* NULL is fine */

/* The kind of the first rule that fits; false: none does. */
bool result_rules_map(const struct rules *rules, int status,
                      const struct payload *payload, enum verdict *verdict,
                      enum err_kind *kind);

/* "2xx|409|500-599"? */
bool status_fits(const char *set, int status);

#endif
