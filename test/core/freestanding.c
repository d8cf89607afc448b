/*
 * test/core/freestanding.c - the engine without any library: four memory
 * functions, a start and an exit are all it needs around it.
 *
 * Opens the iris model that is linked in, predicts one flower and exits with 0
 * when it is the right one; otherwise with the number of the step that failed.
 */
#include "core/model/input.h"

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
    char *d = dst;
    const char *s = src;
    while (n--)
        *d++ = *s++;
    return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
    char *d = dst;
    const char *s = src;
    if (d < s)
        return memcpy(dst, src, n);
    while (n--)
        d[n] = s[n];
    return dst;
}

void *memset(void *dst, int byte, size_t n)
{
    char *d = dst;
    while (n--)
        *d++ = (char)byte;
    return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;
    for (; n--; x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

extern const uint8_t mote_blob[], mote_blob_end[];

static int predict(void)
{
    static const double flower[] = {5.7, 2.8, 4.5, 1.3};
    _Alignas(64) static uint8_t arena[1 << 16], more[64];
    static struct mote_model model;
    struct mote_input input;
    struct mote_arena scratch;
    struct mote_where where;

    if (mote_model_open(&model, mote_blob, (size_t)(mote_blob_end - mote_blob),
                        &where) != MOTE_OK ||
        model.header->request_arena > sizeof arena ||
        mote_model_check(&model, arena, &where) != MOTE_OK)
        return 1;
    mote_arena_init(&scratch, more, sizeof more);
    if (mote_input_begin(&input, &model, arena, &scratch, false) != MOTE_OK)
        return 2;
    for (uint32_t i = 0; i < 4; i++)
        if (mote_input_number(&input, i, flower[i], MOTE_TEXT(""), &where) !=
            MOTE_OK)
            return 3;
    if (mote_input_end_row(&input, &where) != MOTE_OK)
        return 4;
    const struct mote_run run = mote_run_of(&model, arena, 1);
    if (mote_plan_run(&run, &where) != MOTE_OK)
        return 5;
    return *(int32_t *)mote_run_output(&run, model.output->index) == 1 ? 0 : 6;
}

__attribute__((noreturn)) void start(void);

__attribute__((noreturn)) void start(void)
{
    const long status = predict();
#if defined(__x86_64__)
    __asm__ volatile("syscall" ::"a"(60), "D"(status));
#else
    register long number __asm__("x8") = 93, argument __asm__("x0") = status;
    __asm__ volatile("svc 0" ::"r"(number), "r"(argument));
#endif
    for (;;)
        ;
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start: xor %ebp, %ebp\n and $-16, %rsp\n call start");
#else
__asm__(".globl _start\n_start: mov x29, 0\n bl start");
#endif
