/* client.h - the commands of the command line that talk to the daemon. */
#ifndef MOONGATE_CONTROL_CLIENT_H
#define MOONGATE_CONTROL_CLIENT_H

struct json_object;

/* What the daemon answers to a command without arguments, or NULL when it does
 * not; says nothing. The caller puts it. */
struct json_object *client_peek(const char *config, const char *command);

/* Each takes the path of the configuration (for gateway.state_dir) and its own
 * arguments, argv[0] being the command; prints, and returns the exit code: 0,
 * 1 when the daemon is not there or says no, 2 for a usage mistake. All take
 * --json: then exactly one JSON document is printed. */
int client_status(const char *config, int argc, char **argv);
int client_queue(const char *config, int argc, char **argv);
int client_trace(const char *config, int argc, char **argv);
int client_send(const char *config, int argc, char **argv);

#endif
