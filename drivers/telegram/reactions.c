/* reactions.c - the closed list of the Bot API, "ReactionTypeEmoji". */
#include "telegram/reactions.h"

#include <string.h>

static const char selector[] = "\xef\xb8\x8f"; /* U+FE0F */

static const char *const emoji_list[] = {
    "👍",          "👎",    "❤",           "🔥",          "🥰", "👏",
    "😁",          "🤔", "🤯",        "😱",          "🤬", "😢",
    "🎉",          "🤩", "🤮",        "💩",          "🙏",    "👌",
    "🕊",       "🤡", "🥱",        "🥴",       "😍",    "🐳",
    "❤‍🔥", "🌚",    "🌭",        "💯",          "🤣", "⚡",
    "🍌",          "🏆",    "💔",           "🤨",       "😐",    "🍓",
    "🍾",       "💋",    "🖕",        "😈",          "😴",    "😭",
    "🤓",       "👻",    "👨‍💻", "👀",          "🎃",    "🙈",
    "😇",          "😨",    "🤝",        "✍",          "🤗", "🫡",
    "🎅",          "🎄",    "☃",           "💅",          "🤪", "🗿",
    "🆒",          "💘",    "🙉",           "🦄",       "😘",    "💊",
    "🙊",          "😎",    "👾",           "🤷‍♂", "🤷", "🤷‍♀",
    "😡",
};

bool reaction_is_allowed(const char *emoji)
{
    size_t size = strlen(emoji), end = sizeof(selector) - 1;

    if (size > end && strcmp(emoji + size - end, selector) == 0)
        size -= end;
    for (size_t i = 0; i < sizeof(emoji_list) / sizeof(emoji_list[0]); i++) {
        if (strlen(emoji_list[i]) == size &&
            memcmp(emoji_list[i], emoji, size) == 0)
            return true;
    }
    return false;
}
