/* core/kernel/dense_s8_avx512vnni.c - see core/kernel/dense_s8_vnni.inc */
#include "core/kernel/dense_s8_vnni.inc"

/* A block of 8 outputs, unsigned. */
static inline __m512i load(const int8_t *w)
{
    return _mm512_xor_si512(_mm512_loadu_si512((const void *)w),
                            _mm512_set1_epi8(-128));
}

/* The 8 bytes at q, eight times. */
static inline __m512i repeat(const int8_t *q)
{
    long long bytes;
    __builtin_memcpy(&bytes, q, sizeof bytes);
    return _mm512_set1_epi64(bytes);
}

/* Compiled once for each set of constants, with all sums in registers. An
 * output's sum is a pair of lanes; with `ways` 2 every other block goes to
 * sums of its own, because a result takes 5 cycles and two start in each. */
static inline __attribute__((always_inline)) void
sum_tile(const struct mote_s8_tile *t, const size_t rows, const size_t panels,
         const size_t ways)
{
    const int8_t *q = t->q;
    size_t stride = t->q_stride, blocks = t->blocks, at = 0;
    bool last = t->last;
    __m512i sum[16], more[16];

#pragma GCC unroll 16
    for (size_t i = 0; i < rows * panels; i++) {
        sum[i] = _mm512_set1_epi64((uint32_t)t->start[i / panels]);
        more[i] = _mm512_setzero_si512();
    }
    for (; ways == 2 && blocks >= 2; blocks -= 2, at += 2 * MOTE_P8K8_BYTES) {
#pragma GCC unroll 4
        for (size_t p = 0; p < panels; p++) {
            const int8_t *w = t->w[p] + at;
#pragma GCC unroll 8
            for (size_t r = 0; r < rows; r++) {
                const int8_t *x = q + r * stride;
                const size_t i = r * panels + p;
                sum[i] = _mm512_dpbusd_epi32(sum[i], load(w), repeat(x));
                more[i] = _mm512_dpbusd_epi32(
                    more[i], load(w + MOTE_P8K8_BYTES), repeat(x + MOTE_P8K8));
            }
        }
        q += 2 * MOTE_P8K8;
    }
    for (;;) {
        for (size_t k = 0; k < blocks; k++, at += MOTE_P8K8_BYTES)
#pragma GCC unroll 4
            for (size_t p = 0; p < panels; p++) {
                const __m512i w = load(t->w[p] + at);
#pragma GCC unroll 8
                for (size_t r = 0; r < rows; r++) {
                    const __m512i x = repeat(q + r * stride + k * MOTE_P8K8);
                    const size_t i = r * panels + p;
                    sum[i] = _mm512_dpbusd_epi32(sum[i], w, x);
                }
            }
        if (!last)
            break;
        q = t->last, stride = MOTE_P8K8, blocks = 1, last = false;
    }
#pragma GCC unroll 16
    for (size_t i = 0; i < rows * panels; i++) {
        const __m512i all =
            ways == 2 ? _mm512_add_epi32(sum[i], more[i]) : sum[i];
        const __m512i pairs = _mm512_add_epi32(all, _mm512_srli_epi64(all, 32));
        _mm256_storeu_si256((__m256i *)(void *)(t->sum + i * MOTE_P8K8),
                            _mm512_cvtepi64_epi32(pairs));
    }
}

static void eight_rows(const struct mote_s8_tile *t)
{
    sum_tile(t, 8, 2, 1);
}

static void four_rows(const struct mote_s8_tile *t)
{
    sum_tile(t, 4, 4, 1);
}

static void two_rows(const struct mote_s8_tile *t)
{
    sum_tile(t, 2, 4, 2);
}

static void one_row(const struct mote_s8_tile *t)
{
    sum_tile(t, 1, 4, 2);
}

void mote_dense_s8_avx512vnni(const struct mote_dense_s8 *d)
{
    static const struct mote_s8_version version = {
        .tiles = {{eight_rows, 8, 2},
                  {four_rows, 4, 4},
                  {two_rows, 2, 4},
                  {one_row, 1, 4}},
        .finish = finish,
        .finish_s8 = finish_s8,
        .start = start,
    };
    mote_dense_s8_tiled(d, &version);
}
