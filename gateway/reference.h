/* reference.h - the reference of all options, printed from their tables. */
#ifndef MOONGATE_REFERENCE_H
#define MOONGATE_REFERENCE_H

/* `moongate options [--json|--conf|--man]`: text for people, one JSON
 * document, a commented configuration, or the option part of
 * moongate.conf(5). Returns the exit code. */
int reference_main(int argc, char **argv);

#endif
