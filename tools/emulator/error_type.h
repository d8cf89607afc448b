/*
 * tools/emulator/error_type.h - which error types Lambda knows.
 */
#ifndef EMU_ERROR_TYPE_H
#define EMU_ERROR_TYPE_H

#include "core/base/text.h"

/*
 * What Lambda makes of a Lambda-Runtime-Function-Error-Type header:
 * (Runtime|Function).[A-Z][a-zA-Z]+ wherever it stands in it, else
 * Function.Unknown if it begins so, else Runtime.Unknown. A view of type, or
 * static.
 */
struct mote_text emu_error_type(struct mote_text type);

#endif
