/* core.c - what every part of the core needs. */
#include "core/core.h"

#include <stddef.h>

bool core_failed(struct core *core, const struct err *err)
{
    if (!err || err->kind == ERR_NONE)
        return false;
    if (err->kind == ERR_STORE && core->fatal) {
        core->fatal(core->arg, err);
        core->fatal = NULL;
    }
    return true;
}
