/* modems.h - `moongate modems`: what is plugged in, and how to write it into
 * the configuration. */
#ifndef MOONGATE_MODEMS_H
#define MOONGATE_MODEMS_H

/* Works without a daemon; one that runs is asked which ports it has. `config`
 * is the path of a configuration that need not exist. Returns the exit code:
 * 1 when there is no modem. */
int modems_main(const char *config, int argc, char **argv);

#endif
