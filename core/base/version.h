/*
 * core/base/version.h - the versions that files, logs and peers are told.
 */
#ifndef MOTE_BASE_VERSION_H
#define MOTE_BASE_VERSION_H

#define MOTE_VERSION "0.1.0"

#endif
