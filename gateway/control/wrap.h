/* wrap.h - long text for people, on standard output. */
#ifndef MOONGATE_CONTROL_WRAP_H
#define MOONGATE_CONTROL_WRAP_H

/* Prints `text` as indented lines of the terminal's width, or 80, broken only
 * after `separator`, which ends in a space: ", " or " ". Control characters
 * become '?'. Nothing for an empty text. */
void wrap_print(const char *text, const char *separator);

#endif
