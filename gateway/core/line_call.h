/* line_call.h - what people ask of a line beside messages: the commands of its
 * driver (struct driver_command: "ussd", "balance"), with their dialogues. */
#ifndef MOONGATE_CORE_LINE_CALL_H
#define MOONGATE_CORE_LINE_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct driver_command;
struct line;

/* An answer; borrowed. `err` NULL is success and `text` is not NULL. `more`:
 * the far side waits for line_command_reply; otherwise the call has ended. Runs
 * on the loop, never from within line_command, _reply or _cancel. */
typedef void line_call_fn(void *arg, const char *text, bool more,
                          const struct err *err);

/* The row of the driver's table, or NULL. Ranks are the caller's to check. */
const struct driver_command *line_command_find(const struct line *line,
                                               const char *name);

/* Begins a command on an online line; returns the call, or 0 with an error
 * (ERR_UNSUPPORTED: the driver has none of that name; ERR_LINK: not online;
 * whatever the driver says, ERR_TEMPORARY when it is busy with another). The
 * call ends with the first answer without `more`, which is an error when the
 * far side is silent for a minute, when nobody replies for five, or when the
 * line is lost. */
uint64_t line_command(struct line *line, const char *name, const char *argument,
                      line_call_fn *fn, void *arg, struct err *err);

/* Goes on with a dialogue after an answer with `more`. False leaves the call as
 * it is, or says that it has ended meanwhile. */
bool line_command_reply(struct line *line, uint64_t call, const char *text,
                        struct err *err);

/* Ends a call; its function is not called any more. Nothing when it is over. */
void line_command_cancel(struct line *line, uint64_t call);

/* For line.c: the instance is closed; every call ends with an error. */
void line_calls_lost(struct line *line);
void line_calls_free(struct line *line); /* after the loop has ended */

#endif
