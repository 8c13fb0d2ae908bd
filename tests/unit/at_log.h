/* at_log.h - what the tests of the AT engine share: its events as text. */
#ifndef MOONGATE_TESTS_AT_LOG_H
#define MOONGATE_TESTS_AT_LOG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gsm/at.h"
#include "gsm/parse.h"

static const char *const at_log_urcs[] = {
    [AT_URC_NOISE] = "noise",     [AT_URC_UNKNOWN] = "unknown",
    [AT_URC_STORED] = "stored",   [AT_URC_MESSAGE] = "message",
    [AT_URC_REPORT] = "report",   [AT_URC_BROADCAST] = "broadcast",
    [AT_URC_FULL] = "full",       [AT_URC_BOOT] = "boot",
    [AT_URC_SUSPECT] = "suspect", [AT_URC_NETWORK] = "network",
    [AT_URC_SET_UP] = "set-up",   [AT_URC_STRAY] = "stray",
    [AT_URC_CALL] = "call",       [AT_URC_USSD] = "ussd",
};

/* Events as lines of text: "boot LINE", "message LINE pdu HEX", "prompt",
 * "done 0 -1 ANSWER" with the answer's lines joined by '/'. */
struct log {
    struct at at;
    struct buf out;
    const struct at_command *next; /* begun when one is done */
};

static inline void on_event(void *arg, const struct at_event *event)
{
    struct log *log = arg;

    switch (event->kind) {
    case AT_EVENT_URC:
        buf_addf(&log->out, "%s %s%s%s;", at_log_urcs[event->urc], event->line,
                 event->pdu != NULL ? " pdu " : "",
                 event->pdu != NULL ? event->pdu : "");
        break;
    case AT_EVENT_PROMPT:
        buf_add_text(&log->out, "prompt;");
        at_data_sent(&log->at);
        break;
    case AT_EVENT_ASIDE:
        buf_addf(&log->out, "aside %d %d;", (int)event->final->code,
                 event->final->number);
        break;
    case AT_EVENT_DONE:
        buf_addf(&log->out, "done %d %d ", (int)event->final->code,
                 event->final->number);
        for (const char *p = event->answer; *p != '\0'; p++)
            buf_add_char(&log->out, *p == '\n' ? '/' : *p);
        buf_add_text(&log->out, event->truncated ? " truncated;" : ";");
        if (log->next != NULL) {
            at_begin(&log->at, log->next);
            log->next = NULL;
        }
        break;
    }
}

static inline void log_open(struct log *log)
{
    memset(log, 0, sizeof(*log));
    at_init(&log->at, on_event, log);
    buf_init(&log->out, 1 << 20);
}

static inline void log_close(struct log *log)
{
    at_free(&log->at);
    buf_free(&log->out);
}

/* The events of `bytes`, fed whole and octet by octet, are `want`. */
static inline void expect(const struct at_command *command, const char *bytes,
                          const char *want)
{
    for (int step = 0; step < 3; step++) {
        size_t size = strlen(bytes), piece = step == 0   ? size + 1
                                             : step == 1 ? 1
                                                         : 7;
        struct log log;

        log_open(&log);
        if (command != NULL)
            at_begin(&log.at, command);
        for (size_t i = 0; i < size; i += piece)
            at_feed(&log.at, bytes + i, size - i < piece ? size - i : piece);
        assert_string_equal(buf_text(&log.out), want);
        log_close(&log);
    }
}

#endif
