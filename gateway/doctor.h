/* doctor.h - `moongate doctor`: what is wrong, and how to mend it. */
#ifndef MOONGATE_DOCTOR_H
#define MOONGATE_DOCTOR_H

/* Asks the running daemon (core/command_doctor.c). Where none runs: checks the
 * configuration, and shakes hands with the server for each network. Returns the
 * exit code: 1 when something fails. */
int doctor_main(const char *config, int argc, char **argv);

#endif
