/* manner.c - a table of words, each with the one field it sets. */
#include "gsm/manner.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char manner_help[] =
    "flash (shown at once and not kept), class=0..3, silent (never shown), "
    "replace=1..7 (takes the place of the last text of that number), "
    "validity=MINUTES (how long the message centre tries), report=yes|no";

enum { PID_SILENT = 0x40, VALIDITY_MAX = 635040, WORD_MAX = 40 };

/* False: it was said before. */
static bool set_class(struct manner *manner, long value)
{
    bool first = manner->class < 0;

    manner->class = (int)value;
    return first;
}

static bool set_type(struct manner *manner, long value)
{
    bool first = manner->pid < 0;

    manner->pid = PID_SILENT + (int)value;
    return first;
}

static bool set_validity(struct manner *manner, long value)
{
    bool first = manner->validity < 0;

    manner->validity = value;
    return first;
}

static bool set_report(struct manner *manner, long value)
{
    bool first = manner->report < 0;

    manner->report = (int)value;
    return first;
}

/* A word without `takes` has the value `min`. */
static const struct word {
    const char *name, *takes;
    long min, max;
    bool (*set)(struct manner *manner, long value);
} words[] = {
    { "flash", NULL, 0, 0, set_class },
    { "class", "a number from 0 to 3", 0, 3, set_class },
    { "silent", NULL, 0, 0, set_type },
    { "replace", "a number from 1 to 7", 1, 7, set_type },
    { "validity", "minutes from 1 to 635040", 1, VALIDITY_MAX, set_validity },
    { "report", "yes or no", 0, 1, set_report },
};

static const struct word *find_word(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i].name) == size &&
            strncasecmp(words[i].name, name, size) == 0)
            return &words[i];
    return NULL;
}

static bool read_value(const struct word *word, const char *text, long *value)
{
    char *end;

    if (word->set == set_report && strcasecmp(text, "yes") == 0)
        text = "1";
    else if (word->set == set_report && strcasecmp(text, "no") == 0)
        text = "0";
    *value = strtol(text, &end, 10);
    return end != text && *end == '\0' && *value >= word->min &&
           *value <= word->max;
}

static bool take_word(const char *text, struct manner *manner, struct err *err)
{
    const char *equals = strchr(text, '=');
    size_t size = equals != NULL ? (size_t)(equals - text) : strlen(text);
    const struct word *word = find_word(text, size);
    long value;

    if (word == NULL)
        return err_set(err, ERR_UNSUPPORTED,
                       "there is no manner of sending \"%s\", only flash, "
                       "class=0..3, silent, replace=1..7, validity=MINUTES, "
                       "report=yes|no",
                       text);
    value = word->min;
    if (word->takes == NULL && equals != NULL)
        return err_set(err, ERR_UNSUPPORTED, "%s takes no value", word->name);
    if (word->takes != NULL &&
        (equals == NULL || !read_value(word, equals + 1, &value)))
        return err_set(err, ERR_UNSUPPORTED, "%s= takes %s", word->name,
                       word->takes);
    return word->set(manner, value) ||
           err_set(err, ERR_UNSUPPORTED,
                   "%s does not go with the words before it", word->name);
}

/* A copy, shortened at the border of a character. */
static void copy_word(const char *text, size_t size, char out[WORD_MAX + 1])
{
    if (size > WORD_MAX)
        for (size = WORD_MAX; ((unsigned char)text[size] & 0xC0) == 0x80;)
            size--;
    memcpy(out, text, size);
    out[size] = '\0';
}

bool manner_parse(const char *text, struct manner *manner, struct err *err)
{
    static const char blanks[] = " \t\n";
    struct manner out = { -1, -1, -1, -1 };

    while (text != NULL && *(text += strspn(text, blanks)) != '\0') {
        size_t size = strcspn(text, blanks);
        char word[WORD_MAX + 1];

        copy_word(text, size, word);
        if (!take_word(word, &out, err))
            return false;
        text += size;
    }
    *manner = out;
    return true;
}
