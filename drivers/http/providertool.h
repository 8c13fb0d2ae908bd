/* providertool.h - `moongate provider`: checks a provider file, shows the
 * request it makes and what it makes of a recorded webhook, offline. */
#ifndef MOONGATE_HTTP_PROVIDERTOOL_H
#define MOONGATE_HTTP_PROVIDERTOOL_H

/* The command with its arguments; returns the exit code. */
int providertool_main(int argc, char **argv);

#endif
