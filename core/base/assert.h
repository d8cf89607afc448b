/*
 * core/base/assert.h - caller mistakes stop here, in builds without NDEBUG.
 *
 * A trap, not a message: the engine has no place to print to. The debugger or
 * the sanitizer's report names the line.
 */
#ifndef MOTE_BASE_ASSERT_H
#define MOTE_BASE_ASSERT_H

#undef assert
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition) ((condition) ? (void)0 : __builtin_trap())
#endif

#endif
