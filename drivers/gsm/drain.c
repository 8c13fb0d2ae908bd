/* drain.c - takes what the stores of the modem hold, and deletes it there
 * only when the core has committed it.
 *
 * Announcements (+CMTI) name wrong slots and memories too often, so they only
 * mean "something arrived": the memory they name is listed, and when nothing
 * new is there, all are. A slot that was offered is remembered until it is
 * acknowledged and not offered again before; what is left on purpose
 * (ACK_RETRY) or could not be deleted comes again with the next look, and the
 * core knows it by its fingerprint.
 *
 * Freed slots are used again, so the order of slots is not that of arrival:
 * what one listing gives is sorted by the SMSC's time, which has only seconds,
 * then as it was announced, then by slot. */
#include "gsm/gsm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum {
    LIST_S = 5, /* of silence */
    SELECT_S = 5,
    DELETE_S = 5,
    AGAIN_MS = 1000,
    UNREAD_LOOKS = 5,
};

enum { ASK_SELECT, ASK_WORK }; /* g->step */

static const struct gsm_slot *slot_find(const struct gsm *g,
                                        enum gsm_memory memory, int index)
{
    for (size_t i = 0; i < GSM_SLOTS; i++) {
        const struct gsm_slot *slot = &g->slots[i];

        if (slot->use != SLOT_FREE && slot->memory == memory &&
            slot->index == index)
            return slot;
    }
    return NULL;
}

static struct gsm_slot *slot_by_token(struct gsm *g, uint64_t token)
{
    for (size_t i = 0; i < GSM_SLOTS; i++)
        if (g->slots[i].use != SLOT_FREE && g->slots[i].token == token)
            return &g->slots[i];
    return NULL;
}

struct gsm_slot *gsm_slot_add(struct gsm *g, enum gsm_memory memory, int index)
{
    for (size_t i = 0; i < GSM_SLOTS; i++) {
        struct gsm_slot *slot = &g->slots[i];

        if (slot->use != SLOT_FREE)
            continue;
        *slot = (struct gsm_slot){
            .use = SLOT_OFFERED,
            .memory = memory,
            .index = index,
            .token = ++g->last_token,
        };
        return slot;
    }
    return NULL;
}

void gsm_slots_forget_bad(struct gsm *g)
{
    for (size_t i = 0; i < GSM_SLOTS; i++)
        if (g->slots[i].use == SLOT_BAD)
            g->slots[i].use = SLOT_FREE;
}

/* The next slot to be deleted, rather one of the memory that is selected. */
static struct gsm_slot *slot_to_delete(struct gsm *g)
{
    struct gsm_slot *other = NULL;

    for (size_t i = 0; i < GSM_SLOTS; i++) {
        struct gsm_slot *slot = &g->slots[i];

        if (slot->use != SLOT_DELETE)
            continue;
        if ((int)slot->memory == g->memory)
            return slot;
        other = slot;
    }
    return other;
}

static void ack_routed(struct gsm *g, enum ack ack)
{
    if (g->routed)
        gsm_acknowledge(g, ack != ACK_RETRY);
    else if (ack == ACK_RETRY)
        log_error("line %s: a text that the modem did not store could not be "
                  "kept",
                  line_name(g->line));
}

void gsm_ack(struct line *line, uint64_t token, enum ack ack)
{
    struct gsm *g = line_state(line);
    struct gsm_slot *slot = slot_by_token(g, token);

    if (slot == NULL || slot->use != SLOT_OFFERED)
        return;
    slot->use = SLOT_FREE;
    if (slot->memory == MEMORIES)
        ack_routed(g, ack);
    else if (ack != ACK_RETRY)
        slot->use = SLOT_DELETE;
    gsm_next(g);
}

static void ask_select(struct gsm *g, enum gsm_memory memory)
{
    char text[32];
    struct at_command command = {
        .text = text,
        .prefixes = "+CPMS:",
        .shape = AT_LINES,
    };

    snprintf(text, sizeof(text), "AT+CPMS=\"%s\"", memory_name(memory));
    g->step = ASK_SELECT;
    g->memory = -1; /* until it says OK */
    gsm_ask(g, &command, SELECT_S);
}

void gsm_want_drain(struct gsm *g, int memory)
{
    if (!g->want_drain)
        g->hint = memory;
    else if (g->hint != memory)
        g->hint = -1;
    g->want_drain = true;
}

static void ask_list(struct gsm *g);

/* The i-th memory of this look, or -1. */
static int memory_to_list(const struct gsm *g, size_t i)
{
    if (g->look >= 0)
        return i == 0 ? g->look : -1;
    return gsm_memory_to_list(g, i);
}

/* What came garbled is looked at again soon, but not for ever. */
static bool wants_another_look(struct gsm *g)
{
    if (!g->unread) {
        g->unread_looks = 0;
        return false;
    }
    g->unread = false;
    return ++g->unread_looks <= UNREAD_LOOKS;
}

static void list_end(struct gsm *g)
{
    bool again = wants_another_look(g);

    if (g->look >= 0 && g->found == 0) {
        g->look = -1;
        g->list = 0;
        ask_list(g);
        return;
    }
    /* Some announce a text before it can be read. */
    if (again || (g->arrived && g->found == 0 && !g->want_drain))
        timer_start(g->again, AGAIN_MS);
    g->arrived = g->want_drain;
    gsm_enter(g, GSM_READY);
}

static void ask_list(struct gsm *g)
{
    static const struct at_command command = {
        .text = "AT+CMGL=4",
        .prefixes = "+CMGL:",
        .shape = AT_PDUS,
    };
    int memory = memory_to_list(g, g->list);

    if (memory < 0) {
        list_end(g);
    } else if (memory != g->memory) {
        ask_select(g, (enum gsm_memory)memory);
    } else {
        g->step = ASK_WORK;
        g->garbled = false;
        g->listed = 0;
        gsm_ask(g, &command, LIST_S);
    }
}

/* As long as it says something the modem is not hung. */
void gsm_list_fed(struct gsm *g)
{
    if (g->step != ASK_WORK || g->at.lines == g->listed)
        return;
    g->listed = g->at.lines;
    timer_start(g->deadline, LIST_S * 1000);
}

void gsm_list_enter(struct gsm *g)
{
    g->want_drain = false;
    g->look = g->hint;
    g->found = 0;
    g->list = 0;
    ask_list(g);
}

void gsm_note_arrival(struct gsm *g, enum gsm_memory memory, int index)
{
    if (index >= 0 && index < GSM_INDEXES)
        g->announced[memory][index] = ++g->last_announced;
}

static uint32_t announced(const struct gsm *g, int index)
{
    return index < GSM_INDEXES ? g->announced[g->memory][index] : 0;
}

/* A stored PDU that is new to us, with what tells when it came. */
struct find {
    struct cmgl_entry entry;
    int64_t at; /* the SMSC's time; 0: it cannot be read */
    uint32_t announced;
};

static bool find_bytes(const struct find *find, unsigned char *bytes,
                       size_t *size)
{
    return find->entry.digits > 0 &&
           parse_hex(find->entry.hex, find->entry.digits, bytes, GSM_PDU_MAX,
                     size);
}

/* Is there something new in the entry? */
static bool find_read(struct gsm *g, const struct cmgl_entry *entry,
                      struct find *find)
{
    unsigned char bytes[GSM_PDU_MAX];
    struct pdu pdu;
    struct err err;
    size_t size;

    if (entry->status > 1 ||
        slot_find(g, (enum gsm_memory)g->memory, entry->index) != NULL)
        return false;
    *find = (struct find){
        .entry = *entry,
        .announced = announced(g, entry->index),
    };
    if (!find_bytes(find, bytes, &size)) {
        log_warn("line %s: slot %d of %s came garbled", line_name(g->line),
                 entry->index, memory_name((enum gsm_memory)g->memory));
        g->unread = true;
        return false;
    }
    if (pdu_decode(bytes, size, &pdu, &err) && pdu.timestamp.set)
        find->at = pdu.timestamp.unix_ms;
    return true;
}

static int find_compare(const void *left, const void *right)
{
    const struct find *a = left, *b = right;

    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    if (a->announced != b->announced)
        return a->announced < b->announced ? -1 : 1;
    return (a->entry.index > b->entry.index) -
           (a->entry.index < b->entry.index);
}

/* False when no more can be remembered now. */
static bool find_offer(struct gsm *g, const struct find *find)
{
    unsigned char bytes[GSM_PDU_MAX];
    struct gsm_slot *slot;
    size_t size;

    slot = gsm_slot_add(g, (enum gsm_memory)g->memory, find->entry.index);
    if (slot == NULL || !find_bytes(find, bytes, &size))
        return false;
    g->found++;
    gsm_receive(g, slot, bytes, size);
    return true;
}

static void take_list(struct gsm *g, const struct at_event *event)
{
    const char *cursor = event->answer;
    struct find finds[AT_LINES_MAX / 2];
    struct cmgl_entry entry;
    size_t n = 0;

    while (n < AT_LINES_MAX / 2 && parse_cmgl_next(&cursor, &entry))
        n += find_read(g, &entry, &finds[n]);
    qsort(finds, n, sizeof(finds[0]), find_compare);
    for (size_t i = 0; i < n && find_offer(g, &finds[i]); i++)
        continue;
    if (event->truncated && g->found > 0)
        gsm_want_drain(g, -1); /* the rest, when these are deleted */
}

void gsm_list_done(struct gsm *g, const struct at_event *event)
{
    bool ok = event->final->code == AT_OK;

    if (g->step == ASK_SELECT && ok) {
        g->memory = memory_to_list(g, g->list);
        if (g->memory == gsm_memory_to_list(g, 0)) /* the one for arrivals */
            parse_cpms_use(event->answer, &g->used, &g->total);
        ask_list(g);
        return;
    }
    if (g->step == ASK_WORK && ok)
        take_list(g, event);
    if (!ok && gsm_error_is_sim(event->final)) {
        gsm_restart(g, "the modem has lost its SIM");
        return;
    }
    if (gsm_error_is_busy(event->final) || (ok && g->garbled))
        g->unread = true;
    g->list++;
    ask_list(g);
}

bool gsm_delete_wanted(const struct gsm *g)
{
    for (size_t i = 0; i < GSM_SLOTS; i++)
        if (g->slots[i].use == SLOT_DELETE)
            return true;
    return false;
}

static void ask_delete(struct gsm *g, const struct gsm_slot *slot)
{
    char text[32];
    struct at_command command = { .text = text };

    snprintf(text, sizeof(text), "AT+CMGD=%d", slot->index);
    if (slot->index < GSM_INDEXES)
        g->announced[slot->memory][slot->index] = 0;
    g->step = ASK_WORK;
    g->deleting = slot->token;
    gsm_ask(g, &command, DELETE_S);
    later_ask(g->written);
}

void gsm_delete_enter(struct gsm *g)
{
    struct gsm_slot *slot = slot_to_delete(g);

    if (slot == NULL) {
        gsm_enter(g, GSM_READY);
        return;
    }
    g->deleting = slot->token;
    if ((int)slot->memory != g->memory)
        ask_select(g, slot->memory);
    else
        ask_delete(g, slot);
}

/* A slot that cannot be deleted is offered again by the next look, which the
 * core answers with ACK_STORED once more. */
void gsm_delete_done(struct gsm *g, const struct at_event *event)
{
    struct gsm_slot *slot = slot_by_token(g, g->deleting);
    bool ok = event->final->code == AT_OK;

    if (slot != NULL && g->step == ASK_SELECT && ok) {
        g->memory = (int)slot->memory;
        ask_delete(g, slot);
        return;
    }
    if (!ok)
        log_warn("line %s: a stored text could not be deleted: %s",
                 line_name(g->line), event->final->text);
    if (slot != NULL)
        slot->use = SLOT_FREE;
    gsm_enter(g, GSM_READY);
}
