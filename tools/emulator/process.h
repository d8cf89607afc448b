/*
 * tools/emulator/process.h - one BOOTSTRAP as a process of its own group.
 */
#ifndef EMU_PROCESS_H
#define EMU_PROCESS_H

#include <sys/types.h>

#include "tools/emulator/options.h"

struct emu_process {
    pid_t pid;       /* 0: none                                     */
    int64_t exec_us; /* emu_now_us() right before exec              */
    int log_fd;      /* the emulator's end of its stdout and stderr */
};

/*
 * Starts options->command with Lambda's environment. It reads nothing
 * (/dev/null), dies with the emulator, and can be signalled with everything
 * that it starts.
 *
 * api_port  of its Runtime API, on 127.0.0.1
 * returns   0, or why there is no process: an errno
 */
int emu_process_start(struct emu_process *p, const struct emu_options *options,
                      int api_port);

/* Sends a signal to the process and what it has started. */
void emu_process_signal(const struct emu_process *p, int signal);

/* The most memory it has used up to now, in MB rounded up; 0 when it is
 * gone. */
int64_t emu_process_peak_mb(const struct emu_process *p);

#endif
