/* pdutool.h - what `moongate pdu` prints: PDUs explained field by field, and
 * how a text would be sent. */
#ifndef MOONGATE_SMS_PDUTOOL_H
#define MOONGATE_SMS_PDUTOOL_H

/* argv[0] is "pdu". Writes to standard output; returns the exit code: 0, 1
 * for a PDU or text that is wrong (the reason on standard error), 2 for a
 * usage mistake. */
int pdutool_main(int argc, char **argv);

#endif
