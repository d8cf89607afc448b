/* tools/emulator/error_type.c - see tools/emulator/error_type.h */
#include "tools/emulator/error_type.h"

static bool is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Bytes of the type that text begins with, 0 if it does not begin with one. */
static size_t match(struct mote_text text, struct mote_text kind)
{
    size_t n = kind.n;

    if (!mote_text_starts(text, kind) || n == text.n || text.at[n] < 'A' ||
        text.at[n] > 'Z')
        return 0;
    while (n < text.n && is_letter(text.at[n]))
        n++;
    return n >= kind.n + 2 ? n : 0;
}

struct mote_text emu_error_type(struct mote_text type)
{
    const struct mote_text runtime = MOTE_TEXT("Runtime."),
                           function = MOTE_TEXT("Function.");

    for (size_t i = 0; i < type.n; i++) {
        const struct mote_text rest = {type.at + i, type.n - i};
        const size_t n = match(rest, runtime) + match(rest, function);
        if (n)
            return (struct mote_text){rest.at, n};
    }
    return mote_text_starts(type, function) ? MOTE_TEXT("Function.Unknown")
                                            : MOTE_TEXT("Runtime.Unknown");
}
