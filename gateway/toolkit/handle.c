/* handle.c - ownership: handles, their holds, and the closing of owners.
 *
 * A closed handle goes to the loop's dead list when its last hold is released,
 * and is freed from there in the prepare phase, where nothing of ours is on
 * the stack. owner_close() adds one empty handle of its own, so that `closed`
 * comes by the same path, and later, also for an owner that had nothing open.
 */
#include "toolkit/handle.h"

#include <assert.h>
#include <stdlib.h>

#include <utlist.h>

#include "base/mem.h"

void handle_open(struct handle *handle, struct owner *owner,
                 const struct handle_ops *ops)
{
    *handle = (struct handle){ .owner = owner, .ops = ops, .holds = 1 };
    DL_APPEND(owner->handles, handle);
    owner->loop->open++;
}

void handle_close(struct handle *handle)
{
    if (!handle || handle->closing)
        return;
    handle->closing = true;
    DL_DELETE(handle->owner->handles, handle);
    handle->owner->closing++;
    handle->owner->loop->open--;
    handle->owner->loop->closing++;
    if (handle->ops->shut)
        handle->ops->shut(handle);
    handle_release(handle);
}

void handle_hold(struct handle *handle)
{
    handle->holds++;
}

void handle_release(struct handle *handle)
{
    assert(handle->holds > 0);
    if (--handle->holds > 0)
        return;
    assert(handle->closing);
    DL_APPEND(handle->owner->loop->dead, handle);
}

static void on_uv_closed(uv_handle_t *uv)
{
    handle_release(uv->data);
}

void handle_close_uv(struct handle *handle, uv_handle_t *uv)
{
    assert(uv->data == handle);
    handle_hold(handle);
    uv_close(uv, on_uv_closed);
}

static void on_uv_closed_free(uv_handle_t *uv)
{
    handle_release(uv->data);
    free(uv);
}

void handle_free_uv(struct handle *handle, uv_handle_t *uv)
{
    assert(uv->data == handle);
    handle_hold(handle);
    uv_close(uv, on_uv_closed_free);
}

uv_loop_t *handle_loop(const struct handle *handle)
{
    return &handle->owner->loop->uv;
}

void handle_lend(uv_handle_t *uv, size_t suggested, uv_buf_t *out)
{
    const struct handle *handle = uv->data;

    (void)suggested;
    *out = uv_buf_init(handle->owner->loop->scratch, LOOP_SCRATCH);
}

static void handle_bury(struct handle *handle)
{
    struct owner *owner = handle->owner;
    void (*closed)(void *arg) = owner->closed;

    if (handle->ops->release)
        handle->ops->release(handle);
    else
        free(handle);
    owner->closing--;
    owner->loop->closing--;
    if (owner->closing > 0 || !closed)
        return;
    assert(!owner->handles); /* opened while the owner was closing */
    owner->closed = NULL;
    closed(owner->arg); /* may free the owner */
}

void handle_reap(struct loop *loop)
{
    while (loop->dead) {
        struct handle *handle = loop->dead;

        DL_DELETE(loop->dead, handle);
        handle_bury(handle);
    }
}

void owner_init(struct owner *owner, struct loop *loop)
{
    *owner = (struct owner){ .loop = loop };
}

static const struct handle_ops marker_ops = { 0 };

void owner_close(struct owner *owner, void (*closed)(void *arg), void *arg)
{
    struct handle *marker = xcalloc(1, sizeof(*marker));

    assert(!owner->closed); /* closing already, and somebody waits for it */
    owner->closed = closed;
    owner->arg = arg;
    handle_open(marker, owner, &marker_ops);
    while (owner->handles)
        handle_close(owner->handles);
}
