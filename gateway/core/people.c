/* people.c - see people.h. */
#include "core/people.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/option.h"
#include "core/known.h"
#include "core/line.h"
#include "core/network.h"

static void add(struct people *people, const char *jid)
{
    if (people->n < PEOPLE_MAX && !people_has(people, jid))
        people->jids[people->n++] = jid;
}

static void add_list(struct people *people, const struct settings *s)
{
    size_t n = settings_list_size(s, "team");
    for (size_t i = 0; i < n; i++)
        add(people, settings_list_item(s, "team", i));
}

void people_init(struct people *people, const struct settings *line,
                 const struct settings *network)
{
    const char *owner = settings_text(line, "owner");
    *people =
        (struct people){ .jids = xcalloc(PEOPLE_MAX, sizeof(*people->jids)) };
    if (owner)
        add(people, owner);
    else
        add_list(people, line);
    if (people->n == 0)
        add_list(people, network);
}

void people_clear(struct people *people)
{
    free(people->jids);
    *people = (struct people){ 0 };
}

bool people_has(const struct people *people, const char *account)
{
    for (size_t i = 0; i < people->n; i++)
        if (strcasecmp(people->jids[i], account) == 0)
            return true;
    return false;
}

bool people_admit(const struct people *people, const char *account)
{
    return people->n == 0 || !account || people_has(people, account);
}

bool people_named(const struct network *network, const char *account)
{
    const struct line *line = NULL;
    while ((line = network_line_next(network, line)))
        if (people_has(&line->people, account))
            return true;
    return false;
}

size_t people_seeing(const struct line *line, const char *contact,
                     const char **out)
{
    const struct people *people = &line->people;
    const char *holder =
        people->n > 1 ? claim_holder(line->network, contact) : NULL;
    if (holder && people_has(people, holder)) {
        out[0] = holder;
        return 1;
    }
    for (size_t i = 0; i < people->n; i++)
        out[i] = people->jids[i];
    return people->n;
}

static bool is_team_of(const struct line *line, const char *account)
{
    return line->people.n > 1 && people_has(&line->people, account);
}

struct line *people_team_line(struct network *network, const char *account,
                              const char *contact, struct line *line)
{
    const struct line *last = known_line(network, contact);
    struct line *team = NULL;
    if (line)
        return is_team_of(line, account) ? line : NULL;
    while ((line = network_line_next(network, line))) {
        if (!is_team_of(line, account))
            continue;
        if (line == last)
            return line;
        if (!team)
            team = line;
    }
    return team;
}

static size_t local_size(const char *jid)
{
    return strcspn(jid, "@");
}

/* Is the part before the @ one that only this account has? */
static bool is_clear(const struct people *people, const char *account)
{
    size_t size = local_size(account);
    for (size_t i = 0; i < people->n; i++)
        if (strcasecmp(people->jids[i], account) != 0 &&
            local_size(people->jids[i]) == size &&
            strncasecmp(people->jids[i], account, size) == 0)
            return false;
    return true;
}

char *people_marked(const struct people *people, const char *account,
                    const char *text)
{
    size_t size =
        is_clear(people, account) ? local_size(account) : strlen(account);
    return xasprintf("[%.*s] %s", (int)size, account, text);
}
