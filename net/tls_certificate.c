/* net/tls_certificate.c - see net/tls_certificate.h */
#include "net/tls_certificate.h"

enum {
    SEQUENCE = 0x30,
    SET = 0x31,
    INTEGER = 0x02,
    OBJECT = 0x06,
    VERSION = 0xA0,
    UTC_TIME = 0x17,
    GENERALIZED_TIME = 0x18,
};

/* Takes one element off the front of *der: its content, or as much of it as
 * der has where `cut` allows that. False: another tag, or it is not whole. */
static bool take(struct mote_text *der, int tag, bool cut,
                 struct mote_text *content)
{
    const uint8_t *at = (const uint8_t *)der->at;
    size_t head = 2, n;

    if (der->n < 2 || at[0] != tag)
        return false;
    n = at[1];
    if (n & 0x80) {
        const size_t bytes = n & 0x7F;
        if (bytes == 0 || bytes > 3 || der->n < 2 + bytes)
            return false;
        n = 0;
        for (size_t i = 0; i < bytes; i++)
            n = n << 8 | at[head++];
    }
    if (n > der->n - head) {
        if (!cut)
            return false;
        n = der->n - head;
    }
    *content = (struct mote_text){der->at + head, n};
    *der = (struct mote_text){content->at + n, der->n - head - n};
    return true;
}

static bool take_date(struct mote_text *der, struct mote_text *date)
{
    return take(der, UTC_TIME, false, date) ||
           take(der, GENERALIZED_TIME, false, date);
}

void mote_certificate_read(struct mote_certificate *certificate,
                           struct mote_text der)
{
    struct mote_text outer, fields, part, skipped, validity;

    *certificate = (struct mote_certificate){0};
    if (!take(&der, SEQUENCE, true, &outer) ||
        !take(&outer, SEQUENCE, true, &fields))
        return;
    take(&fields, VERSION, false, &skipped); /* version 1 has none */
    if (!take(&fields, INTEGER, false, &skipped) ||
        !take(&fields, SEQUENCE, false, &part) ||
        !take(&part, OBJECT, false, &certificate->algorithm) ||
        !take(&fields, SEQUENCE, false, &certificate->issuer) ||
        !take(&fields, SEQUENCE, false, &validity))
        return;
    take_date(&validity, &certificate->not_before);
    take_date(&validity, &certificate->not_after);
    take(&fields, SEQUENCE, false, &certificate->subject);
}

struct mote_text mote_certificate_name(struct mote_text name)
{
    /* id-at-organizationName 2.5.4.10, ..UnitName 11, id-at-commonName 3 */
    static const uint8_t known[] = {10, 11, 3};
    struct mote_text set, pair, oid, value, best = {0};
    size_t rank = 0;

    while (take(&name, SET, false, &set))
        while (take(&set, SEQUENCE, false, &pair)) {
            if (!take(&pair, OBJECT, false, &oid) || pair.n < 2 ||
                !take(&pair, (uint8_t)pair.at[0], false, &value) ||
                oid.n != 3 || oid.at[0] != 0x55 || oid.at[1] != 4)
                continue;
            for (size_t i = rank; i < sizeof known; i++)
                if ((uint8_t)oid.at[2] == known[i]) {
                    best = value;
                    rank = i + 1;
                }
        }
    return best;
}

size_t mote_certificate_date(char *out, struct mote_text date)
{
    static const char form[] = "0000-00-00 00:00:00 UTC";
    char digits[14];

    if (date.n != 13 && date.n != 15)
        return 0;
    if (date.n == 13) { /* two digits of a year: 1950 to 2049 */
        digits[0] = date.at[0] >= '5' ? '1' : '2';
        digits[1] = date.at[0] >= '5' ? '9' : '0';
    }
    memcpy(digits + sizeof digits - (date.n - 1), date.at, date.n - 1);
    for (size_t i = 0; i < sizeof digits; i++)
        if (digits[i] < '0' || digits[i] > '9')
            return 0;
    if (date.at[date.n - 1] != 'Z')
        return 0;
    for (size_t i = 0, k = 0; i < MOTE_CERTIFICATE_DATE; i++)
        out[i] = form[i] == '0' ? digits[k++] : form[i];
    return MOTE_CERTIFICATE_DATE;
}
