/* fuzz_jid.c - splitting never crashes and is idempotent; escaping and the
 * forms of foreign addresses come back as they were. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "xmpp/jid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void split(const char *text)
{
    struct jid jid, again;
    char full[JID_SIZE];

    if (!jid_parse(text, &jid))
        return;
    assert(!strpbrk(jid.local, "@/") && !strpbrk(jid.domain, "@"));
    jid_full(&jid, full);
    assert(jid_parse(full, &again));
    assert(jid_equal_bare(&jid, &again));
    assert(strcmp(jid.resource, again.resource) == 0);
    (void)jid_parent_domain(jid.domain);
}

static void round_trip(const char *text, bool phones)
{
    char local[JID_PART_MAX + 1], back[ADDRESS_SIZE], uri[256];

    if (jid_from_address(text, phones, local)) {
        assert(!strpbrk(local, " \"&'/:<>@"));
        assert(jid_to_address(local, phones, back));
        assert(strcmp(text, back) == 0);
        (void)jid_uri(local, "sms.example.org", uri, sizeof(uri));
    }
    if (jid_to_address(text, phones, back) &&
        jid_from_address(back, phones, local)) {
        char again[ADDRESS_SIZE];

        assert(jid_to_address(local, phones, again));
        assert(strcmp(back, again) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = xstrndup((const char *)data, size);

    split(text);
    round_trip(text, false);
    round_trip(text, true);
    free(text);
    return 0;
}
