/* fake_inside.h - what fake_core.c and fake_line.c share. */
#ifndef MOONGATE_TESTS_FAKE_INSIDE_H
#define MOONGATE_TESTS_FAKE_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fake_core.h"
#include "toolkit/settings.h"

enum {
    FAKE_RECORDS_MAX = 100000,
    FAKE_PARTS_MAX = 255,
    FAKE_ACKS_MAX = 4096,
    FAKE_SETS_MAX = 64,
};

struct parts {
    void *bytes[FAKE_PARTS_MAX];
    size_t size[FAKE_PARTS_MAX];
    size_t n;
    char remark[256], about[128];
};

struct set {
    char *name, *chat;
    struct fragment fragments[FAKE_PARTS_MAX];
    unsigned total, n;
};

struct status {
    struct fake *fake;
};

struct line {
    struct fake *fake;
    struct owner owner;
    void *state;
    struct settings *settings;
    struct driver own;
};

struct fake {
    const struct driver *driver;
    struct loop *loop;
    struct owner owner;
    struct timer *timer;
    struct later *acker;
    struct line line;
    struct err error;
    char *records[FAKE_RECORDS_MAX];
    size_t n, seen;
    const char *wanted;
    uint64_t acks[FAKE_ACKS_MAX];
    size_t n_acks;
    enum ack ack;
    bool hold, closed;
    struct parts parts;
    const char *manner;
    struct attachment attachment;
    struct set sets[FAKE_SETS_MAX];
    size_t n_sets;
    char last_id[64], to[64];
    char *key, *value; /* state that goes with the next ack */
};

void fake_record(struct fake *fake, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Gives the ack for `token` once the driver has returned. */
void fake_want_ack(struct fake *fake, uint64_t token);

/* The rest of the last record that starts with "WORD KEY ". */
const char *fake_last(const struct fake *fake, const char *word,
                      const char *key);

#endif
