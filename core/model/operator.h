/*
 * core/model/operator.h - what plan.c and the operators tell each other.
 *
 * An operator is a signature, held against every use of it once, when a model
 * is opened, and a run, made for every request without any check. plan.c has
 * by then proven what all operators share: the record is whole, its value
 * indices exist, each value lies in the arena or is a tensor, and nothing
 * written overlaps what is read (except as `in_place` allows).
 */
#ifndef MOTE_MODEL_OPERATOR_H
#define MOTE_MODEL_OPERATOR_H

#include "core/model/plan.h"

/* A record, taken apart. */
struct mote_operation {
    const struct mote_file_operator *file;
    const uint32_t *reads, *writes; /* value indices; writes follow reads */
    const uint32_t *attributes;
    uint32_t attribute_count;
};

/* The model and plan that an operator is checked in. */
struct mote_scope {
    const struct mote_model *model;
    const struct mote_plan *plan;
    uint32_t plan_index;
    uint8_t *arena; /* the header's request arena, where contents are looked at;
                       else NULL */
};

/* Whether the engine has an operator of that number and version. The others
 * may be asked only of what is known. */
bool mote_operator_known(const struct mote_file_operator *f);

/* Whether its kernel has several versions for these operands. */
bool mote_operator_has_choice(const struct mote_plan *plan,
                              const struct mote_operation *op);

/* Whether it is a softmax or share that writes float32. */
bool mote_operator_shares_f32(const struct mote_plan *plan,
                              const struct mote_operation *op);

/* Whether write 0 may be in the very place of read 0. */
bool mote_operator_in_place(const struct mote_file_operator *f);

/* Whether read number i may be a coded tensor. */
bool mote_operator_decodes(const struct mote_file_operator *f, uint32_t i);

/* Whether read number i may be a coded tensor that is decoded whole:
 * mote_wholes in core/model/tiles.h. */
bool mote_operator_decodes_whole(const struct mote_file_operator *f,
                                 uint32_t i);

/* Whether it needs its weights again in every step of a sequence, the last but
 * one dimension of read 0. */
bool mote_operator_has_steps(const struct mote_file_operator *f);

/* Whether it runs another plan: attribute 0, attribute 1 times. */
bool mote_operator_calls(const struct mote_file_operator *f);

/* Whether operands and attributes are what a run relies on. */
bool mote_operator_check(const struct mote_scope *scope,
                         const struct mote_operation *op);

/* Whether the elements of its tensors are what a run relies on, for one that
 * was checked: it looks at all of them. */
bool mote_operator_contents(const struct mote_scope *scope,
                            const struct mote_operation *op);

enum mote_status mote_operator_run(const struct mote_run *run,
                                   const struct mote_operation *op,
                                   struct mote_where *where);

/* The record at byte `at` of a plan that has been checked. */
struct mote_operation mote_operation_at(const struct mote_plan *plan,
                                        uint32_t at);

/* Values and their shapes, by index in the plan. */
static inline const struct mote_file_value *
mote_scope_value(const struct mote_scope *s, uint32_t i)
{
    return s->plan->values + i;
}

/* The largest that a dimension can be. */
static inline uint32_t mote_scope_largest(const struct mote_scope *s,
                                          uint32_t dim)
{
    return dim & MOTE_DIM_SYMBOL
               ? s->model->symbols[dim & ~MOTE_DIM_SYMBOL].maximum
               : dim;
}

/* Whether two values share bytes of the plan's arena, at their largest. */
bool mote_scope_overlap(const struct mote_scope *s, uint32_t a, uint32_t b);

/* Product of the dimensions of v but the last `without`, in this run. */
size_t mote_run_extent(const struct mote_run *run,
                       const struct mote_file_value *v, uint32_t without);

/* The last dimension of v, in this run. */
size_t mote_run_last(const struct mote_run *run,
                     const struct mote_file_value *v);

/* core/model/call.c */
bool mote_call_check(const struct mote_scope *scope,
                     const struct mote_operation *op);
enum mote_status mote_call_run(const struct mote_run *run,
                               const struct mote_operation *op,
                               struct mote_where *where);

/* core/model/operators_vector.c */
bool mote_map_check(const struct mote_scope *scope,
                    const struct mote_operation *op);
enum mote_status mote_map_run(const struct mote_run *run,
                              const struct mote_operation *op,
                              struct mote_where *where);
bool mote_binary_check(const struct mote_scope *scope,
                       const struct mote_operation *op);
enum mote_status mote_binary_run(const struct mote_run *run,
                                 const struct mote_operation *op,
                                 struct mote_where *where);
bool mote_norm_check(const struct mote_scope *scope,
                     const struct mote_operation *op);
enum mote_status mote_norm_run(const struct mote_run *run,
                               const struct mote_operation *op,
                               struct mote_where *where);
bool mote_softmax_check(const struct mote_scope *scope,
                        const struct mote_operation *op);
enum mote_status mote_softmax_run(const struct mote_run *run,
                                  const struct mote_operation *op,
                                  struct mote_where *where);
bool mote_embed_check(const struct mote_scope *scope,
                      const struct mote_operation *op);
enum mote_status mote_embed_run(const struct mote_run *run,
                                const struct mote_operation *op,
                                struct mote_where *where);
bool mote_position_check(const struct mote_scope *scope,
                         const struct mote_operation *op);
enum mote_status mote_position_run(const struct mote_run *run,
                                   const struct mote_operation *op,
                                   struct mote_where *where);
bool mote_attention_check(const struct mote_scope *scope,
                          const struct mote_operation *op);
enum mote_status mote_attention_run(const struct mote_run *run,
                                    const struct mote_operation *op,
                                    struct mote_where *where);
bool mote_reduce_check(const struct mote_scope *scope,
                       const struct mote_operation *op);
enum mote_status mote_reduce_run(const struct mote_run *run,
                                 const struct mote_operation *op,
                                 struct mote_where *where);
bool mote_normalize_check(const struct mote_scope *scope,
                          const struct mote_operation *op);
enum mote_status mote_normalize_run(const struct mote_run *run,
                                    const struct mote_operation *op,
                                    struct mote_where *where);
bool mote_lookup_check(const struct mote_scope *scope,
                       const struct mote_operation *op);
enum mote_status mote_lookup_run(const struct mote_run *run,
                                 const struct mote_operation *op,
                                 struct mote_where *where);
/* core/model/operators_trees.c */
bool mote_trees_heap_check(const struct mote_scope *scope,
                           const struct mote_operation *op);
bool mote_trees_heap_contents(const struct mote_scope *scope,
                              const struct mote_operation *op);
enum mote_status mote_trees_heap_run(const struct mote_run *run,
                                     const struct mote_operation *op,
                                     struct mote_where *where);
bool mote_trees_linked_check(const struct mote_scope *scope,
                             const struct mote_operation *op);
bool mote_trees_linked_contents(const struct mote_scope *scope,
                                const struct mote_operation *op);
enum mote_status mote_trees_linked_run(const struct mote_run *run,
                                       const struct mote_operation *op,
                                       struct mote_where *where);
bool mote_missing_check(const struct mote_scope *scope,
                        const struct mote_operation *op);
enum mote_status mote_missing_run(const struct mote_run *run,
                                  const struct mote_operation *op,
                                  struct mote_where *where);

/* core/model/operators_fixed.c */
bool mote_quantize_fixed_check(const struct mote_scope *scope,
                               const struct mote_operation *op);
enum mote_status mote_quantize_fixed_run(const struct mote_run *run,
                                         const struct mote_operation *op,
                                         struct mote_where *where);
bool mote_dense_fixed_check(const struct mote_scope *scope,
                            const struct mote_operation *op);
enum mote_status mote_dense_fixed_run(const struct mote_run *run,
                                      const struct mote_operation *op,
                                      struct mote_where *where);
bool mote_quantize_u8_check(const struct mote_scope *scope,
                            const struct mote_operation *op);
enum mote_status mote_quantize_u8_run(const struct mote_run *run,
                                      const struct mote_operation *op,
                                      struct mote_where *where);
bool mote_dense_u8_check(const struct mote_scope *scope,
                         const struct mote_operation *op);
enum mote_status mote_dense_u8_run(const struct mote_run *run,
                                   const struct mote_operation *op,
                                   struct mote_where *where);

/* core/model/operators_conv.c */
bool mote_conv_fixed_check(const struct mote_scope *scope,
                           const struct mote_operation *op);
enum mote_status mote_conv_fixed_run(const struct mote_run *run,
                                     const struct mote_operation *op,
                                     struct mote_where *where);
bool mote_depthwise_fixed_check(const struct mote_scope *scope,
                                const struct mote_operation *op);
enum mote_status mote_depthwise_fixed_run(const struct mote_run *run,
                                          const struct mote_operation *op,
                                          struct mote_where *where);
bool mote_conv_check(const struct mote_scope *scope,
                     const struct mote_operation *op);
enum mote_status mote_conv_run(const struct mote_run *run,
                               const struct mote_operation *op,
                               struct mote_where *where);
bool mote_conv_s8_check(const struct mote_scope *scope,
                        const struct mote_operation *op);
enum mote_status mote_conv_s8_run(const struct mote_run *run,
                                  const struct mote_operation *op,
                                  struct mote_where *where);
bool mote_depthwise_check(const struct mote_scope *scope,
                          const struct mote_operation *op);
enum mote_status mote_depthwise_run(const struct mote_run *run,
                                    const struct mote_operation *op,
                                    struct mote_where *where);
bool mote_pool_check(const struct mote_scope *scope,
                     const struct mote_operation *op);
enum mote_status mote_pool_run(const struct mote_run *run,
                               const struct mote_operation *op,
                               struct mote_where *where);

/* core/model/operators_move.c */
bool mote_concat_check(const struct mote_scope *scope,
                       const struct mote_operation *op);
enum mote_status mote_concat_run(const struct mote_run *run,
                                 const struct mote_operation *op,
                                 struct mote_where *where);
bool mote_slice_check(const struct mote_scope *scope,
                      const struct mote_operation *op);
enum mote_status mote_slice_run(const struct mote_run *run,
                                const struct mote_operation *op,
                                struct mote_where *where);
bool mote_transpose_check(const struct mote_scope *scope,
                          const struct mote_operation *op);
enum mote_status mote_transpose_run(const struct mote_run *run,
                                    const struct mote_operation *op,
                                    struct mote_where *where);
bool mote_pad_check(const struct mote_scope *scope,
                    const struct mote_operation *op);
enum mote_status mote_pad_run(const struct mote_run *run,
                              const struct mote_operation *op,
                              struct mote_where *where);
bool mote_reshape_check(const struct mote_scope *scope,
                        const struct mote_operation *op);
enum mote_status mote_reshape_run(const struct mote_run *run,
                                  const struct mote_operation *op,
                                  struct mote_where *where);

/* core/model/operators_recurrent.c */
bool mote_gru_check(const struct mote_scope *scope,
                    const struct mote_operation *op);
enum mote_status mote_gru_run(const struct mote_run *run,
                              const struct mote_operation *op,
                              struct mote_where *where);
bool mote_lstm_check(const struct mote_scope *scope,
                     const struct mote_operation *op);
enum mote_status mote_lstm_run(const struct mote_run *run,
                               const struct mote_operation *op,
                               struct mote_where *where);

/* core/model/operators_table.c */
bool mote_columns_check(const struct mote_scope *scope,
                        const struct mote_operation *op);
bool mote_columns_contents(const struct mote_scope *scope,
                           const struct mote_operation *op);
enum mote_status mote_columns_run(const struct mote_run *run,
                                  const struct mote_operation *op,
                                  struct mote_where *where);
bool mote_fill_check(const struct mote_scope *scope,
                     const struct mote_operation *op);
enum mote_status mote_fill_run(const struct mote_run *run,
                               const struct mote_operation *op,
                               struct mote_where *where);
bool mote_encode_check(const struct mote_scope *scope,
                       const struct mote_operation *op);
bool mote_encode_contents(const struct mote_scope *scope,
                          const struct mote_operation *op);
enum mote_status mote_encode_run(const struct mote_run *run,
                                 const struct mote_operation *op,
                                 struct mote_where *where);
bool mote_equal_check(const struct mote_scope *scope,
                      const struct mote_operation *op);
bool mote_equal_contents(const struct mote_scope *scope,
                         const struct mote_operation *op);
enum mote_status mote_equal_run(const struct mote_run *run,
                                const struct mote_operation *op,
                                struct mote_where *where);
bool mote_products_check(const struct mote_scope *scope,
                         const struct mote_operation *op);
bool mote_products_contents(const struct mote_scope *scope,
                            const struct mote_operation *op);
enum mote_status mote_products_run(const struct mote_run *run,
                                   const struct mote_operation *op,
                                   struct mote_where *where);
bool mote_distance_check(const struct mote_scope *scope,
                         const struct mote_operation *op);
enum mote_status mote_distance_run(const struct mote_run *run,
                                   const struct mote_operation *op,
                                   struct mote_where *where);
bool mote_linear_leaves_check(const struct mote_scope *scope,
                              const struct mote_operation *op);
bool mote_linear_leaves_contents(const struct mote_scope *scope,
                                 const struct mote_operation *op);
enum mote_status mote_linear_leaves_run(const struct mote_run *run,
                                        const struct mote_operation *op,
                                        struct mote_where *where);

/* core/model/operators_tensor.c */
bool mote_convert_check(const struct mote_scope *scope,
                        const struct mote_operation *op);
enum mote_status mote_convert_run(const struct mote_run *run,
                                  const struct mote_operation *op,
                                  struct mote_where *where);
bool mote_expand_check(const struct mote_scope *scope,
                       const struct mote_operation *op);
enum mote_status mote_expand_run(const struct mote_run *run,
                                 const struct mote_operation *op,
                                 struct mote_where *where);
bool mote_compare_check(const struct mote_scope *scope,
                        const struct mote_operation *op);
enum mote_status mote_compare_run(const struct mote_run *run,
                                  const struct mote_operation *op,
                                  struct mote_where *where);
bool mote_logic_check(const struct mote_scope *scope,
                      const struct mote_operation *op);
enum mote_status mote_logic_run(const struct mote_run *run,
                                const struct mote_operation *op,
                                struct mote_where *where);
bool mote_select_check(const struct mote_scope *scope,
                       const struct mote_operation *op);
enum mote_status mote_select_run(const struct mote_run *run,
                                 const struct mote_operation *op,
                                 struct mote_where *where);
bool mote_matmul_check(const struct mote_scope *scope,
                       const struct mote_operation *op);
enum mote_status mote_matmul_run(const struct mote_run *run,
                                 const struct mote_operation *op,
                                 struct mote_where *where);
bool mote_take_contents(const struct mote_scope *scope,
                        const struct mote_operation *op);
bool mote_take_check(const struct mote_scope *scope,
                     const struct mote_operation *op);
enum mote_status mote_take_run(const struct mote_run *run,
                               const struct mote_operation *op,
                               struct mote_where *where);
bool mote_unary_check(const struct mote_scope *scope,
                      const struct mote_operation *op);
enum mote_status mote_unary_run(const struct mote_run *run,
                                const struct mote_operation *op,
                                struct mote_where *where);
bool mote_power_check(const struct mote_scope *scope,
                      const struct mote_operation *op);
enum mote_status mote_power_run(const struct mote_run *run,
                                const struct mote_operation *op,
                                struct mote_where *where);
bool mote_integer_check(const struct mote_scope *scope,
                        const struct mote_operation *op);
enum mote_status mote_integer_run(const struct mote_run *run,
                                  const struct mote_operation *op,
                                  struct mote_where *where);
bool mote_remainder_check(const struct mote_scope *scope,
                          const struct mote_operation *op);
enum mote_status mote_remainder_run(const struct mote_run *run,
                                    const struct mote_operation *op,
                                    struct mote_where *where);

#endif
