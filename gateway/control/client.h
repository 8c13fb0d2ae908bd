/* client.h - the commands of the command line that talk to the daemon. */
#ifndef MOONGATE_CONTROL_CLIENT_H
#define MOONGATE_CONTROL_CLIENT_H

struct command;
struct err;
struct json_object;

/* What the daemon answers to a command without arguments; NULL when it does
 * not: ERR_UNREACHABLE where nothing listens, ERR_FORBIDDEN where we may not
 * ask. Says nothing. The caller puts it. */
struct json_object *client_peek(const char *config, const char *command,
                                struct err *err);

/* Runs `command` (of core/command.h) in the daemon. `config` is the path of the
 * configuration (for gateway.state_dir); argv[0] is the command, what follows
 * its fields: by position, or as --name VALUE; and --network N, --as JID, and
 * --json: then exactly one JSON document is printed. What the command asks for
 * on its way is asked on the terminal. Returns the exit code: 0, 1 when the
 * daemon is not there or says no, 2 for a usage mistake. */
int client_run(const struct command *command, const char *config, int argc,
               char **argv);

#endif
