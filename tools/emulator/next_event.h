/*
 * tools/emulator/next_event.h - an invocation as the answer to a "next".
 */
#ifndef EMU_NEXT_EVENT_H
#define EMU_NEXT_EVENT_H

struct emu_conn;
struct emu_invocation;

/* Answers c with v's event, its headers, and the framing of the options. */
void emu_next_event_send(struct emu_conn *c, const struct emu_invocation *v);

#endif
