/* core/base/time.c - see core/base/time.h */
#include "core/base/time.h"

#define DAY 86400
#define TO_1970 INT64_C(719468) /* days since 0000-03-01 */
#define YEAR_1 (-62135596800)   /* 0001-01-01T00:00:00Z */
#define YEAR_10000 253402300800 /* 10000-01-01T00:00:00Z */

/* Years begin in March, so that the day that some have comes last. */
static int64_t days_from_date(int64_t year, int month, int day)
{
    year -= month <= 2;
    const int64_t era = (year >= 0 ? year : year - 399) / 400;
    const int64_t of_era = year - era * 400;
    const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
    const int64_t days =
        of_era * 365 + of_era / 4 - of_era / 100 + of_year + day - 1;

    return era * 146097 + days - TO_1970;
}

/* Of days since 0000-03-01. */
static void date_from_days(uint32_t days, uint32_t *year, uint32_t *month,
                           uint32_t *day)
{
    const uint32_t era = days / 146097, of_era = days % 146097;
    const uint32_t years =
        (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const uint32_t of_year = of_era - (365 * years + years / 4 - years / 100);
    const uint32_t shifted = (5 * of_year + 2) / 153;

    *day = of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = years + era * 400 + (*month <= 2);
}

static int days_in(int64_t year, int month)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30,
                                  31, 31, 30, 31, 30, 31};
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (month == 2 && leap);
}

/* `count` digits off the front of text; false when there are fewer. */
static bool take_digits(struct mote_text *text, size_t count, int *value)
{
    *value = 0;
    if (text->n < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const unsigned digit = (unsigned char)text->at[i] - '0';
        if (digit > 9)
            return false;
        *value = *value * 10 + (int)digit;
    }
    text->at += count;
    text->n -= count;
    return true;
}

static bool take(struct mote_text *text, char c)
{
    if (text->n == 0 || *text->at != c)
        return false;
    text->at++;
    text->n--;
    return true;
}

/* HH:MM, and what may follow up to an offset. */
static bool take_clock(struct mote_text *text, int64_t *seconds)
{
    int hour, minute, second = 0, fraction;

    if (!take_digits(text, 2, &hour) || !take(text, ':') ||
        !take_digits(text, 2, &minute) || hour > 23 || minute > 59)
        return false;
    if (take(text, ':')) {
        if (!take_digits(text, 2, &second) || second > 59)
            return false;
        if (take(text, '.')) {
            if (!take_digits(text, 1, &fraction))
                return false;
            while (take_digits(text, 1, &fraction))
                ;
        }
    }
    *seconds += hour * 3600 + minute * 60 + second;
    return true;
}

static bool take_offset(struct mote_text *text, int64_t *seconds)
{
    int hour, minute;

    if (text->n == 0 || take(text, 'Z'))
        return true;
    const int sign = take(text, '-') ? -1 : 1;
    if (sign == 1 && !take(text, '+'))
        return false;
    if (!take_digits(text, 2, &hour))
        return false;
    take(text, ':');
    if (!take_digits(text, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *seconds -= sign * (hour * 3600 + minute * 60);
    return true;
}

enum mote_status mote_time_read(struct mote_text text, int64_t *seconds)
{
    int year, month, day;

    if (!take_digits(&text, 4, &year) || !take(&text, '-') ||
        !take_digits(&text, 2, &month) || !take(&text, '-') ||
        !take_digits(&text, 2, &day) || year < 1 || month < 1 || month > 12 ||
        day < 1 || day > days_in(year, month))
        return MOTE_E_FORMAT;
    *seconds = days_from_date(year, month, day) * DAY;
    if (take(&text, 'T') || take(&text, ' '))
        if (!take_clock(&text, seconds) || !take_offset(&text, seconds))
            return MOTE_E_FORMAT;
    return text.n ? MOTE_E_FORMAT : MOTE_OK;
}

bool mote_time_is_writable(int64_t seconds)
{
    return seconds >= YEAR_1 && seconds < YEAR_10000;
}

static char *put(char *out, uint32_t value, int digits, char after)
{
    for (int i = digits - 1; i >= 0; i--, value /= 10)
        out[i] = (char)('0' + value % 10);
    out[digits] = after;
    return out + digits + 1;
}

void mote_time_write(char *out, int64_t seconds)
{
    const uint64_t since = (uint64_t)(seconds + TO_1970 * DAY);
    const uint32_t of_day = (uint32_t)(since % DAY);
    uint32_t year, month, day;

    date_from_days((uint32_t)(since / DAY), &year, &month, &day);
    out = put(out, year, 4, '-');
    out = put(out, month, 2, '-');
    out = put(out, day, 2, 'T');
    out = put(out, of_day / 3600, 2, ':');
    out = put(out, of_day / 60 % 60, 2, ':');
    put(out, of_day % 60, 2, 'Z');
}

void mote_time_write_basic(char *out, int64_t seconds)
{
    char text[MOTE_TIME_CHARS];

    mote_time_write(text, seconds);
    for (size_t i = 0; i < sizeof text; i++)
        if (text[i] != '-' && text[i] != ':')
            *out++ = text[i];
}
