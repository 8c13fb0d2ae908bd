/* facts.c - facts that drivers tell, as members of a JSON object. */
#include "core/facts.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>

#include "driver.h"

void status_text(struct status *status, const char *key, const char *format,
                 ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    json_object_object_add(status->object, key, json_object_new_string(text));
}
