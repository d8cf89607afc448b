/*
 * tools/emulator/once.h - --once: one invocation from the command line.
 */
#ifndef EMU_ONCE_H
#define EMU_ONCE_H

#include <stdbool.h>

struct emu;

/*
 * Starts the invocation that options.once and options.http ask for. When it
 * has ended, the reply is printed, emu->exit_status set and emu_stop called.
 * What cannot be invoked is said on stderr; then it is false.
 */
bool emu_once_start(struct emu *emu);

#endif
