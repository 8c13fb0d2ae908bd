/* sections.c - the loaded configuration: sections and their groups of checked
 * settings, kept in file order. config.c fills it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "toolkit/config.h"
#include "toolkit/settings.h"

struct section *config_add_section(struct config *config, const char *name,
                                   bool named)
{
    struct section *section = xcalloc(1, sizeof(*section));

    section->name = xstrdup(name);
    section->named = named;
    if (config->last)
        config->last->next = section;
    else
        config->sections = section;
    config->last = section;
    return section;
}

void section_add_group(struct section *section, struct settings *group)
{
    if (section->last)
        section->last->next = group;
    else
        section->groups = group;
    section->last = group;
}

static const struct section *section_find(const struct config *config,
                                          const char *name)
{
    for (const struct section *s = config->sections; s; s = s->next) {
        if (strcmp(s->name, name) == 0)
            return s;
    }
    assert(!"no such section");
    return NULL;
}

const struct settings *config_group(const struct config *config,
                                    const char *section)
{
    const struct section *s = section_find(config, section);

    assert(!s->named);
    return s->groups;
}

const struct settings *config_named(const struct config *config,
                                    const char *section, size_t i)
{
    const struct settings *group = section_find(config, section)->groups;

    while (group && i-- > 0)
        group = group->next;
    return group;
}

const char *config_place(const struct config *config,
                         const struct settings *group, const char *key)
{
    const struct setting_value *value = key ? settings_find(group, key) : NULL;

    (void)config;
    return value && value->place ? value->place : group->place;
}

void config_free(struct config *config)
{
    if (!config)
        return;
    for (struct section *s = config->sections, *next; s; s = next) {
        for (struct settings *g = s->groups, *after; g; g = after) {
            after = g->next;
            settings_free(g);
        }
        next = s->next;
        free(s->name);
        free(s);
    }
    free(config);
}
