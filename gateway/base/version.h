/* version.h - what we say we are. */
#ifndef MOONGATE_BASE_VERSION_H
#define MOONGATE_BASE_VERSION_H

#define MOONGATE_VERSION "0.1.0"

#endif
