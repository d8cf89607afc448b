/* core/function/settings.c - see core/function/settings.h */
#include "core/function/settings.h"
#include "core/base/number.h"
#include "core/function/outside.h"

#include <unistd.h>

/* What follows `start` in text; NULL when text does not begin with it. */
static const char *after(const char *text, const char *start)
{
    while (*start && *text == *start)
        text++, start++;
    return *start == '\0' ? text : NULL;
}

/* A number of MiB, or what is taken for one that is not there. */
static uint64_t memory_of(struct mote_text value)
{
    uint64_t mib;

    return mote_uint_read(value, &mib) == MOTE_OK && mib && mib < 1u << 20
               ? mib
               : MOTE_DECODED_MEMORY_MIB;
}

/* The words of a setting, in the order of its enum; the first is the default.
 */
enum { WORDS = 3, INIT_WORDS = 4 };
static const char *const decoded_words[WORDS] = {
    [MOTE_DECODED_AUTO] = "auto",
    [MOTE_DECODED_NEVER] = "never",
    [MOTE_DECODED_ALWAYS] = "always",
};
static const char *const verify_words[WORDS] = {
    [MOTE_VERIFY_NEVER] = "never",
    [MOTE_VERIFY_USED] = "used",
    [MOTE_VERIFY_ALWAYS] = "always",
};
static const char *const init_words[INIT_WORDS] = {
    [MOTE_INIT_AUTO] = "auto",
    [MOTE_INIT_WAIT] = "wait",
    [MOTE_INIT_READ] = "read",
    [MOTE_INIT_WARM] = "warm",
};

static enum mote_status refuse(struct mote_text field, const char *expected,
                               struct mote_text got, struct mote_where *where)
{
    where->field = field;
    where->expected = expected;
    where->got = got;
    return MOTE_E_SCHEMA;
}

enum mote_status mote_settings_read(struct mote_settings *settings,
                                    char *const *environment,
                                    struct mote_where *where)
{
    /* behind "AWS_LAMBDA_", as which few of the many variables begin */
    static const char *const names[] = {
        "RUNTIME_API=", "LOG_LEVEL=", "LOG_FORMAT=", "FUNCTION_MEMORY_SIZE="};
    struct mote_text values[sizeof names / sizeof *names] = {0};
    struct mote_text decoded = MOTE_TEXT("auto"), verify = MOTE_TEXT("never"),
                     init = MOTE_TEXT("auto");
    bool outside = false; /* something there is wanted */

    for (; *environment; environment++) {
        const char *ours = NULL, *value = NULL;
        if (**environment == 'M')
            ours = after(*environment, "MOTE_");
        if (ours && MOTE_LINKED_CODED && (value = after(ours, "DECODED=")))
            decoded = mote_text_of(value);
        if (ours && MOTE_LINKED_CODED && (value = after(ours, "VERIFY=")))
            verify = mote_text_of(value);
        if (ours && MOTE_LINKED_INIT && (value = after(ours, "INIT=")))
            init = mote_text_of(value);
        outside |= ours && after(ours, "MODEL=");
        if (**environment != 'A')
            continue;
        const char *name = after(*environment, "AWS_LAMBDA_");
        for (size_t i = 0; name && i < sizeof names / sizeof *names; i++) {
            value = after(name, names[i]);
            if (value)
                values[i] = mote_text_of(value);
        }
    }
    settings->log = (struct mote_log){
        .level = mote_level_of(values[1]),
        .text = mote_text_equal_nocase(values[2], MOTE_TEXT("text")),
        .fd = STDERR_FILENO,
    };
    settings->memory_mib = memory_of(values[3]);
    where->field = MOTE_TEXT("AWS_LAMBDA_RUNTIME_API");
    if (values[0].n == 0)
        return refuse(where->field, "Lambda, or an emulator of it, to set it",
                      MOTE_TEXT("nothing"), where);
    const enum mote_status s =
        mote_address_parse(&settings->runtime_api, values[0], where);
    if (s != MOTE_OK)
        return s;
    size_t d = 0, v = 0, i = 0; /* as many as there are words: none of them */
    if (MOTE_LINKED_CODED) {
        d = mote_text_among(decoded, decoded_words, WORDS);
        v = mote_text_among(verify, verify_words, WORDS);
    }
    if (MOTE_LINKED_INIT)
        i = mote_text_among(init, init_words, INIT_WORDS);
    if (d == WORDS)
        return refuse(MOTE_TEXT("MOTE_DECODED"), "never, auto or always",
                      decoded, where);
    if (v == WORDS)
        return refuse(MOTE_TEXT("MOTE_VERIFY"), "never, used or always", verify,
                      where);
    if (i == INIT_WORDS)
        return refuse(MOTE_TEXT("MOTE_INIT"), "auto, wait, read or warm", init,
                      where);
    settings->decoded = (enum mote_decoded)d;
    settings->verify = (enum mote_verify)v;
    settings->init = (enum mote_init)i;
    if (outside && !mote_outside_linked)
        return refuse(MOTE_TEXT("MOTE_MODEL"), "a build with OUTSIDE=1",
                      MOTE_TEXT("none"), where);
    return MOTE_OK;
}
