/* delivery.c - deliveries: one block of memory with all texts and stored parts,
 * made by the store's thread, freed by whoever holds it. A holder may point a
 * field to heap memory of its own (a plan's parts, another line): what lies
 * outside the block is freed with it. */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"
#include "store/inside.h"

struct block {
    struct delivery delivery; /* first */
    size_t size;
};

static const size_t texts[] = {
    offsetof(struct delivery, network), offsetof(struct delivery, account),
    offsetof(struct delivery, contact), offsetof(struct delivery, line),
    offsetof(struct delivery, sim),     offsetof(struct delivery, text),
    offsetof(struct delivery, author),  offsetof(struct delivery, name),
    offsetof(struct delivery, from),    offsetof(struct delivery, stanza_id),
    offsetof(struct delivery, manner),  offsetof(struct delivery, target),
};
enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };

static char **text_at(struct delivery *delivery, size_t i)
{
    return (char **)(void *)((char *)delivery + texts[i]);
}

static size_t parts_size(const struct delivery *from)
{
    size_t size = from->n_parts * sizeof(*from->parts);

    for (size_t i = 0; i < from->n_parts; i++)
        size += from->parts[i].size;
    return size;
}

static char *parts_copy(struct delivery *to, char *room)
{
    const struct part_row *from = to->parts;

    if (to->n_parts == 0) {
        to->parts = NULL;
        return room;
    }
    to->parts = memcpy(room, from, to->n_parts * sizeof(*from));
    room += to->n_parts * sizeof(*from);
    for (size_t i = 0; i < to->n_parts; i++) {
        to->parts[i].bytes = room;
        if (from[i].size)
            memcpy(room, from[i].bytes, from[i].size);
        room += from[i].size;
    }
    return room;
}

struct delivery *delivery_copy(const struct delivery *from)
{
    size_t sizes[TEXTS];
    size_t attached = attachments_size(from->attachments, from->n_attachments);
    size_t size = sizeof(struct block) + attached + parts_size(from);
    struct block *block;
    char *room;

    for (size_t i = 0; i < TEXTS; i++) {
        const char *text = *text_at((struct delivery *)from, i);

        sizes[i] = text ? strlen(text) + 1 : 0;
        size += sizes[i];
    }
    block = xmalloc(size);
    block->delivery = *from;
    block->size = size;
    room = (char *)(block + 1);
    block->delivery.attachments =
        attachments_copy(from->attachments, from->n_attachments, room);
    room = parts_copy(&block->delivery, room + attached);
    for (size_t i = 0; i < TEXTS; i++) {
        char **text = text_at(&block->delivery, i);

        if (*text)
            *text = memcpy(room, *text, sizes[i]);
        room += sizes[i];
    }
    return &block->delivery;
}

static void free_outside(const struct block *block, void *memory)
{
    uintptr_t at = (uintptr_t)memory, start = (uintptr_t)block;

    if (at < start || at >= start + block->size)
        free(memory);
}

void delivery_free(struct delivery *delivery)
{
    struct block *block = (struct block *)delivery;

    if (!delivery)
        return;
    for (size_t i = 0; i < TEXTS; i++)
        free_outside(block, *text_at(delivery, i));
    for (size_t i = 0; i < delivery->n_parts; i++)
        free_outside(block, delivery->parts[i].bytes);
    free_outside(block, delivery->parts);
    for (size_t i = 0; i < delivery->n_attachments; i++) {
        free_outside(block, delivery->attachments[i].url);
        free_outside(block, delivery->attachments[i].type);
    }
    free(block);
}

void deliveries_free(struct delivery *list)
{
    struct delivery *delivery, *next;

    DL_FOREACH_SAFE (list, delivery, next) {
        DL_DELETE(list, delivery);
        delivery_free(delivery);
    }
}
