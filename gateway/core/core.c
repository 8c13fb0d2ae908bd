/* core.c - what every part of the core needs. */
#include "core/core.h"

#include <stddef.h>

static bool core_fails(struct core *core, const struct err *err, bool fatal)
{
    if (!err || err->kind == ERR_NONE)
        return false;
    if (fatal && core->fatal) {
        core->fatal(core->arg, err);
        core->fatal = NULL;
    }
    return true;
}

bool core_failed(struct core *core, const struct err *err)
{
    return core_fails(core, err, err && err->kind == ERR_STORE);
}

bool core_lost(struct core *core, const struct err *err)
{
    return core_fails(core, err, err && err->kind != ERR_NOT_ALLOWED);
}
