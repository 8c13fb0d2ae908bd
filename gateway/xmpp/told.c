/* told.c - see told.h. An open hash table of hashes: with 64 random bits in
 * the seed nobody can make two pairs meet. */
#include "xmpp/told.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/mem.h"

enum { FIRST_SIZE = 64 };

struct slot {
    uint64_t pair; /* 0: free */
    uint64_t state;
};

struct told {
    struct slot *slots;
    size_t size, used; /* size is a power of two */
    uint64_t seed;
};

struct told *told_new(void)
{
    struct told *told = xcalloc(1, sizeof(*told));
    struct id id = id_new();

    memcpy(&told->seed, id.bytes + sizeof(id.bytes) - sizeof(told->seed),
           sizeof(told->seed));
    return told;
}

void told_forget(struct told *told)
{
    free(told->slots);
    told->slots = NULL;
    told->size = told->used = 0;
}

void told_free(struct told *told)
{
    told_forget(told);
    free(told);
}

/* FNV-1a with a mix at the end; the NUL is part of it. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
    size_t size = strlen(text) + 1;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3;
    return hash ^ hash >> 29;
}

/* That of the pair, or the free one where it belongs. */
static struct slot *find(const struct told *told, uint64_t pair)
{
    size_t at = pair & (told->size - 1);

    while (told->slots[at].pair && told->slots[at].pair != pair)
        at = (at + 1) & (told->size - 1);
    return &told->slots[at];
}

static void grow(struct told *told)
{
    struct told old = *told;

    if (told->used >= TOLD_MAX) {
        told_forget(told);
        old = *told;
    }
    told->size = old.size ? 2 * old.size : FIRST_SIZE;
    told->slots = xcalloc(told->size, sizeof(*told->slots));
    for (size_t i = 0; i < old.size; i++)
        if (old.slots[i].pair)
            *find(told, old.slots[i].pair) = old.slots[i];
    free(old.slots);
}

static uint64_t hash_pair(const struct told *told, const char *account,
                          const char *contact)
{
    return hash_text(hash_text(told->seed, account), contact) | 1;
}

bool told_is(const struct told *told, const char *account, const char *contact,
             const char *state)
{
    const struct slot *slot;

    if (told->used == 0)
        return false;
    slot = find(told, hash_pair(told, account, contact));
    return slot->pair && slot->state == hash_text(told->seed, state);
}

bool told_note(struct told *told, const char *account, const char *contact,
               const char *state)
{
    uint64_t pair = hash_pair(told, account, contact);
    uint64_t now = hash_text(told->seed, state);
    struct slot *slot;

    if (2 * told->used >= told->size)
        grow(told);
    slot = find(told, pair);
    if (slot->pair && slot->state == now)
        return false;
    told->used += slot->pair == 0;
    *slot = (struct slot){ pair, now };
    return true;
}
