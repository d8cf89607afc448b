/* core/function/outside_none.c - see core/function/outside.h */
#include "core/function/outside.h"

const bool mote_outside_linked = false;

static enum mote_status refuse(struct mote_outside_answer *answer)
{
    answer->message = MOTE_TEXT("this executable was built without connections "
                                "outside; build it with OUTSIDE=1");
    return MOTE_E_UNKNOWN;
}

enum mote_status mote_outside_get(const struct mote_outside_request *request,
                                  struct mote_outside_answer *answer)
{
    (void)request;
    return refuse(answer);
}

enum mote_status mote_outside_list(const struct mote_outside_request *request,
                                   bool *more,
                                   struct mote_outside_answer *answer)
{
    (void)request, (void)more;
    return refuse(answer);
}

void mote_outside_sha256(struct mote_text bytes, char hex[64])
{
    (void)bytes;
    memset(hex, '0', 64); /* nothing is fetched that it could be of */
}

enum mote_status mote_outside_put(const struct mote_outside_request *request,
                                  struct mote_text type, struct mote_text body,
                                  struct mote_outside_answer *answer)
{
    (void)request, (void)type, (void)body;
    return refuse(answer);
}

enum mote_status mote_outside_model(struct mote_function *f,
                                    char *const *environment,
                                    struct mote_where *where)
{
    (void)f, (void)environment, (void)where; /* settings refuse it */
    return MOTE_OK;
}

void mote_outside_model_refresh(struct mote_function *f, uint64_t deadline_ms)
{
    (void)f, (void)deadline_ms;
}
