/* limits.c - see limits.h. */
#include "core/limits.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/option.h"

enum { MINUTE_MS = 60000 };

/* --- destinations --------------------------------------------------------- */

/* Where the price is the receiver's to set: premium rate, shared cost above
 * the ordinary, personal and satellite numbers. From the national numbering
 * plans; deny_prefixes takes more. */
static const char *const premium[] = {
    "+1900",  "+2790",  "+3090",    "+3190",   "+3290",   "+3389",   "+34803",
    "+34806", "+34807", "+34905",   "+351646", "+35176",  "+358600", "+358700",
    "+3690",  "+3691",  "+37090",   "+37190",  "+372900", "+380900", "+38560",
    "+38561", "+38590", "+39144",   "+39166",  "+3989",   "+4090",   "+41900",
    "+41901", "+41906", "+42090",   "+421900", "+43900",  "+43901",  "+43930",
    "+43931", "+43939", "+4470",    "+44871",  "+44872",  "+44873",  "+449",
    "+4590",  "+46900", "+46939",   "+46944",  "+47820",  "+47829",  "+4870",
    "+49137", "+49180", "+49900",   "+55900",  "+61190",  "+64900",  "+7803",
    "+7809",  "+8160",  "+81990",   "+8260",   "+870",    "+881",    "+882",
    "+883",   "+90900", "+9721900", "+979",
};

static const char *const emergency[] = {
    "000", "061", "100", "101", "102", "103", "104", "106",  "108", "110",
    "111", "112", "113", "114", "115", "116", "117", "118",  "119", "120",
    "122", "123", "127", "133", "140", "144", "155", "158",  "190", "192",
    "193", "911", "912", "995", "997", "998", "999", "1122",
};

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

const char *premium_prefix(const char *address)
{
    for (size_t i = 0; i < sizeof(premium) / sizeof(premium[0]); i++)
        if (begins(address, premium[i]))
            return premium[i];
    return NULL;
}

/* The digits before the phone-context of a short code. */
static size_t short_size(const char *address)
{
    return strcspn(address, ";");
}

bool is_emergency(const char *address)
{
    size_t n = short_size(address);
    if (address[0] == '+' || !address[n])
        return false;
    for (size_t i = 0; i < sizeof(emergency) / sizeof(emergency[0]); i++)
        if (strlen(emergency[i]) == n && strncmp(address, emergency[i], n) == 0)
            return true;
    return false;
}

/* A short code is named whole, anything else by its beginning. */
static bool item_fits(const char *item, const char *address, bool phone)
{
    size_t n = short_size(address);
    if (phone && address[0] != '+')
        return strlen(item) == n && strncmp(item, address, n) == 0;
    return begins(address, item);
}

/* How much of the address the list names; 0: nothing. */
static size_t list_names(const struct settings *settings, const char *key,
                         const char *address, bool phone)
{
    size_t longest = 0, n = settings_list_size(settings, key);
    for (size_t i = 0; i < n; i++) {
        const char *item = settings_list_item(settings, key, i);
        if (item_fits(item, address, phone) && strlen(item) > longest)
            longest = strlen(item);
    }
    return longest;
}

/* Is it one of a phone, and not the name of a sender? */
static bool is_number(const char *address, bool phone)
{
    return phone && !begins(address, "name:");
}

static bool dear_allowed(const struct destinations *d, const char *address,
                         size_t named, struct err *err)
{
    const char *prefix = premium_prefix(address);
    return d->premium || !prefix || named >= strlen(prefix) ||
           err_set(err, ERR_NOT_ALLOWED,
                   "numbers that begin with %s may cost a lot: this gateway "
                   "does not send there",
                   prefix);
}

bool destination_allowed(const struct destinations *d, const char *address,
                         bool phone, struct err *err)
{
    const struct settings *s = d->settings;
    size_t named = list_names(s, "allow_prefixes", address, phone);
    bool number = is_number(address, phone);
    if (number && is_emergency(address))
        return err_set(err, ERR_NOT_ALLOWED,
                       "emergency numbers cannot be reached by text here: "
                       "call them");
    if (list_names(s, "deny_prefixes", address, phone) > 0 ||
        (settings_list_size(s, "allow_prefixes") > 0 && named == 0))
        return err_set(err, ERR_NOT_ALLOWED,
                       "this gateway does not send to such numbers");
    return !number || dear_allowed(d, address, named, err);
}

bool destination_answers_only(const struct destinations *d, const char *address,
                              bool phone)
{
    return is_number(address, phone) && address[0] != '+' && !d->premium &&
           list_names(d->settings, "allow_prefixes", address, phone) == 0;
}

/* --- loops ---------------------------------------------------------------- */

/* FNV-1a: only to tell texts apart, a collision costs nothing. */
static uint64_t hash(uint64_t sum, const char *text)
{
    for (; *text; text++)
        sum = (sum ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return (sum ^ 0xFF) * UINT64_C(0x100000001b3);
}

static uint64_t hash_of(const char *a, const char *b)
{
    uint64_t sum = hash(UINT64_C(0xcbf29ce484222325), a);
    sum = hash(sum, b);
    return sum ? sum : 1;
}

static struct loop_talk *find_talk(struct loop_guard *guard, uint64_t who)
{
    for (size_t i = 0; i < LOOP_TALKS; i++)
        if (guard->talks[i].who == who)
            return &guard->talks[i];
    return NULL;
}

static bool is_older(const struct loop_talk *a, const struct loop_talk *b)
{
    int64_t until_a = a->stopped > a->begun ? a->stopped : a->begun;
    int64_t until_b = b->stopped > b->begun ? b->stopped : b->begun;
    return a->who == 0 || (b->who != 0 && until_a < until_b);
}

static struct loop_talk *make_talk(struct loop_guard *guard, uint64_t who)
{
    struct loop_talk *oldest = &guard->talks[0];
    for (size_t i = 1; i < LOOP_TALKS; i++)
        if (is_older(&guard->talks[i], oldest))
            oldest = &guard->talks[i];
    *oldest = (struct loop_talk){ .who = who };
    return oldest;
}

static void enter_minute(struct loop_talk *talk, int64_t now)
{
    if (talk->begun && now - talk->begun < MINUTE_MS)
        return;
    talk->begun = now;
    talk->turns = talk->repeats = 0;
}

/* A talk is watched from the first text that comes in. */
void loop_in(struct loop_guard *guard, const char *account, const char *contact,
             const char *text, int64_t now)
{
    uint64_t who = hash_of(account, contact);
    struct loop_talk *talk;
    if (guard->turns == 0)
        return;
    talk = find_talk(guard, who);
    if (!talk)
        talk = make_talk(guard, who);
    enter_minute(talk, now);
    talk->in = true;
    talk->text = hash_of(text, "");
}

static bool is_loop(const struct loop_guard *guard,
                    const struct loop_talk *talk)
{
    unsigned repeats = (guard->turns + 3) / 4;
    return talk->turns > guard->turns || talk->repeats > repeats;
}

static enum loop_verdict loop_stop(const struct loop_talk *talk, int64_t now,
                                   enum loop_verdict verdict, struct err *err)
{
    int64_t left = talk->stopped - now;
    err_set(err, ERR_LIMITED,
            "this looks like two machines that answer each other, so it was "
            "stopped; again in %d minutes",
            (int)((left + MINUTE_MS - 1) / MINUTE_MS));
    err->retry_after = (int)((left + 999) / 1000);
    return verdict;
}

enum loop_verdict loop_out(struct loop_guard *guard, const char *account,
                           const char *contact, const char *text, int64_t now,
                           struct err *err)
{
    struct loop_talk *talk;
    if (guard->turns == 0)
        return LOOP_NONE;
    talk = find_talk(guard, hash_of(account, contact));
    if (!talk)
        return LOOP_NONE;
    if (talk->stopped > now)
        return loop_stop(talk, now, LOOP_GOES_ON, err);
    enter_minute(talk, now);
    if (!talk->in)
        return LOOP_NONE;
    talk->in = false;
    talk->turns++;
    talk->repeats += talk->text == hash_of(text, "");
    if (!is_loop(guard, talk))
        return LOOP_NONE;
    talk->stopped = now + guard->pause_ms;
    talk->turns = talk->repeats = 0;
    return loop_stop(talk, now, LOOP_BEGUN, err);
}

/* --- all of a network ----------------------------------------------------- */

static void add_all(struct limits *limits, const struct settings *settings,
                    const char *key)
{
    size_t n = settings_list_size(settings, key);
    for (size_t i = 0; i < n; i++)
        (void)limits_add(limits, settings_list_item(settings, key, i), NULL);
}

void network_limits_init(struct network_limits *limits,
                         const struct settings *settings)
{
    int64_t pause_ms = settings_int(settings, "pause") * MINUTE_MS;
    *limits = (struct network_limits){
        .destinations = { .settings = settings,
                          .premium = settings_enum(settings, "premium") == 1 },
        .allowance = { .burst = settings_int(settings, "burst"),
                       .pause_ms = pause_ms },
        .loops = { .turns = (unsigned)settings_int(settings, "loop"),
                   .pause_ms = pause_ms },
    };
    add_all(&limits->allowance.account, settings, "account_limits");
    add_all(&limits->allowance.network, settings, "network_limits");
}
