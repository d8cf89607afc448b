"""The bad files whose fault is in operators 40 to 46 or in their tables, in
what others do in float64, or in categories: see bad.py."""

from bad import NONE, SYMBOL, bad
from bad_trees import element, operand

NEGATIVE = 0xFFFFFFFF
NAN = 0x7FF8000000000000


def shape(value: int, *dims: int) -> tuple:
    return (f"value 0/{value}", 16, f"{len(dims)}I", *dims)


def dtype(value: int, number: int) -> tuple:
    """1 f32, 2 f64, 6 s32."""
    return (f"value 0/{value}", 1, "B", number)


def counts(reads: int, writes: int, operator: int = 0) -> tuple:
    return (f"operator 0/{operator}", 8, "HH", reads, writes)


# ------------------------------------------- columns_fill: fill, columns, columns of f32

bad(
    "format",
    "PLANS",
    "columns_fill",
    fill_counts=counts(2, 2),
    fill_x_none=operand(0, NONE),
    fill_x_f32=[operand(0, 6, 3), operand(0, 6), dtype(3, 1)],
    fill_x_symbolic=[shape(0, SYMBOL, SYMBOL), shape(3, SYMBOL, SYMBOL)],
    fill_what_none=operand(1, NONE),
    fill_what_s32=operand(1, 4),
    fill_what_in_arena=operand(1, 5),
    fill_with_none=operand(2, NONE),
    fill_with_s32=operand(2, 4),
    fill_y_f32=operand(3, 6),
    fill_y_columns=operand(3, 5),
    fill_y_elsewhere_over_x=("value 0/3", 8, "Q", 64),
    columns_counts=counts(1, 2, 1),
    columns_x_none=operand(0, NONE, 1),
    columns_x_s32=operand(0, 4, 1),
    columns_index_none=operand(1, NONE, 1),
    columns_index_f64=operand(1, 1, 1),
    columns_index_in_arena=operand(1, 6, 1),
    columns_y_f32=operand(2, 6, 1),
    columns_y_columns=operand(1, 7, 1),
    columns_y_rows=shape(5, 4, 4),
    columns_y_over_x=("value 0/5", 8, "Q", 0),
    columns_f32_y_f64=dtype(8, 2),
)
bad("format", "PLANS", "categories", columns_x_symbolic=shape(0, SYMBOL, SYMBOL))
bad("format", "DATA", "columns_fill", columns_index_3=element(4, 8, "I", 3))
bad("format", "DATA", "columns_fill", columns_index_negative=element(4, 0, "I", NEGATIVE))
bad("format", "DATA", "columns_fill", columns_f32_index_3=element(7, 4, "I", 3))

# ------------------------------------------------------------------ encoders: encode

bad(
    "format",
    "PLANS",
    "encoders",
    encode_counts=counts(5, 2),
    encode_kind_2=("operator 0/0", 40, "I", 2),
    encode_x_none=operand(0, NONE),
    encode_x_s32=operand(0, 1),
    encode_x_symbolic=shape(0, SYMBOL, SYMBOL),
    encode_starts_none=operand(1, NONE),
    encode_starts_f64=operand(1, 4),
    encode_starts_length=[
        element(1, 16, "I", 0), ("tensor 0", 16, "I", 4), ("tensor 0", 40, "QQ", 16, 16),
        shape(1, 4),
    ],
    encode_keys_none=operand(2, NONE),
    encode_keys_s32=operand(2, 1),
    encode_keys_length=operand(2, 4),
    encode_values_none=operand(3, NONE),
    encode_values_length=operand(3, 5),
    encode_other_none=operand(4, NONE),
    encode_other_length=operand(4, 2),
    encode_missing_none=operand(5, NONE),
    encode_missing_length=operand(5, 3),
    encode_missing_in_arena=operand(5, 6),
    encode_y_s32=dtype(6, 6),
    encode_y_columns=shape(6, SYMBOL, 3),
    encode_y_over_other=("value 0/6", 8, "Q", 64),
)  # fmt: skip
bad(
    "format",
    "DATA",
    "encoders",
    encode_starts_descend=element(1, 8, "I", 5),
    encode_starts_negative=element(1, 0, "I", NEGATIVE),
    encode_starts_beyond=element(1, 16, "I", 10),
    encode_keys_equal=element(2, 16, "Q", 0x3FE0000000000000),
    encode_keys_descend=element(2, 8, "Q", 0x3FE0000000000000),
    encode_keys_zeros_equal=element(2, 24, "Q", 1 << 63),
    encode_key_nan=element(2, 48, "Q", NAN),
    encode_last_key_nan=element(2, 40, "Q", NAN),
)

# --------------------------------------------- comparisons: equal, products, distance

bad(
    "format",
    "PLANS",
    "comparisons",
    equal_counts=counts(2, 2),
    equal_x_none=operand(0, NONE),
    equal_x_s32=operand(0, 1),
    equal_x_symbolic=shape(0, SYMBOL, SYMBOL),
    equal_columns_none=operand(1, NONE),
    equal_columns_f64=operand(1, 2),
    equal_columns_length=operand(1, 4),
    equal_values_none=operand(2, NONE),
    equal_values_s32=operand(2, 1),
    equal_values_rank=operand(2, 7),
    equal_y_s32=dtype(3, 6),
    equal_y_columns=shape(3, SYMBOL, 6),
    equal_in_place=("value 0/3", 8, "Q", 0),
    products_counts=counts(2, 2, 1),
    products_x_none=operand(0, NONE, 1),
    products_x_s32=operand(0, 1, 1),
    products_factors_none=operand(1, NONE, 1),
    products_factors_f64=operand(1, 2, 1),
    products_factors_length=operand(1, 1, 1),
    products_earlier_none=operand(2, NONE, 1),
    products_earlier_length=operand(2, 1, 1),
    products_earlier_in_arena=operand(2, 3, 1),
    products_y_s32=dtype(6, 6),
    products_y_columns=shape(6, SYMBOL, 5),
    products_in_place=("value 0/6", 8, "Q", 0),
    distance_counts=counts(1, 2, 2),
    distance_x_none=operand(0, NONE, 2),
    distance_x_columns=operand(0, 3, 2),
    distance_vectors_none=operand(1, NONE, 2),
    distance_vectors_rank=operand(1, 2, 2),
    distance_vectors_in_arena=operand(1, 3, 2),
    distance_y_s32=dtype(8, 6),
    distance_y_columns=shape(8, SYMBOL, 3),
    distance_in_place=("value 0/8", 8, "Q", 0),
)
bad(
    "format",
    "DATA",
    "comparisons",
    equal_column_3=element(1, 16, "I", 3),
    equal_column_negative=element(1, 0, "I", NEGATIVE),
    products_factor_3=element(4, 4, "I", 3),
    products_of_itself=element(5, 12, "I", 3),
    products_of_later=element(5, 0, "I", 1),
)

# -------------------------------------------------------- linear_leaves: linear_leaves

bad(
    "format",
    "PLANS",
    "linear_leaves",
    linear_leaves_counts=counts(7, 2),
    linear_leaves_x_none=operand(0, NONE),
    linear_leaves_x_s32=operand(0, 2),
    linear_leaves_leaf_none=operand(1, NONE),
    linear_leaves_leaf_s32=operand(1, 2),
    linear_leaves_leaf_columns=operand(1, 0),
    linear_leaves_leaf_rows=shape(1, 4, 3),
    linear_leaves_leaf_symbolic=shape(1, SYMBOL, SYMBOL),
    linear_leaves_starts_none=operand(2, NONE),
    linear_leaves_starts_f64=operand(2, 4),
    linear_leaves_starts_length=operand(2, 7),
    linear_leaves_columns_none=operand(3, NONE),
    linear_leaves_columns_f64=operand(3, 4),
    linear_leaves_columns_length=operand(3, 7),
    linear_leaves_coefficients_none=operand(4, NONE),
    linear_leaves_coefficients_s32=operand(4, 2),
    linear_leaves_coefficients_length=operand(4, 5),
    linear_leaves_constants_none=operand(5, NONE),
    linear_leaves_constants_length=operand(5, 4),
    linear_leaves_constants_in_arena=operand(5, 0),
    linear_leaves_fallback_none=operand(6, NONE),
    linear_leaves_fallback_length=operand(6, 4),
    linear_leaves_targets_none=operand(7, NONE),
    linear_leaves_targets_f64=operand(7, 5),
    linear_leaves_targets_length=operand(7, 3),
    linear_leaves_y_s32=dtype(8, 6),
    linear_leaves_y_rows=shape(8, 4, 3),
    linear_leaves_y_symbolic=shape(8, SYMBOL, SYMBOL),
    linear_leaves_over_x=("value 0/8", 8, "Q", 0),
    linear_leaves_over_leaf=("value 0/8", 8, "Q", 64),
)
bad(
    "format",
    "DATA",
    "linear_leaves",
    linear_leaves_starts_descend=element(2, 4, "I", 2),
    linear_leaves_starts_beyond=element(2, 16, "I", 6),
    linear_leaves_column_2=element(3, 0, "I", 2),
    linear_leaves_column_negative=element(3, 16, "I", NEGATIVE),
    linear_leaves_target_3=element(7, 8, "I", 3),
    linear_leaves_target_negative=element(7, 0, "I", NEGATIVE),
)

# ------------------------------------------------------- map_f64, pairs_f64: float64

bad(
    "format",
    "PLANS",
    "map_f64",
    map_f64_gelu=("operator 0/0", 20, "I", 4),
    map_f64_none=("operator 0/0", 20, "I", 0),
    map_f64_erf=("operator 0/0", 20, "I", 17),
    map_f64_reciprocal=("operator 0/0", 20, "I", 21),
    map_f64_kind_23=("operator 0/0", 20, "I", 23),
    map_f64_kind_54=("operator 0/0", 20, "I", 54),
    map_f64_y_f32=dtype(1, 1),
    map_f64_y_columns=shape(1, SYMBOL, 2),
)
bad(
    "format",
    "PLANS",
    "pairs_f64",
    binary_f64_kind_6=("operator 0/1", 24, "I", 6),
    binary_f64_b_s32=operand(1, 16, 1),
    binary_f64_y_f32=dtype(4, 1),
    softmax_y_s32=dtype(14, 6),
    softmax_f64_in_place=("value 0/14", 8, "Q", 0),
    share_y_s32=dtype(15, 6),
    cast_s32_y_f32=dtype(17, 1),
    cast_s32_y_s32=dtype(17, 6),
    cast_s32_y_shape=operand(1, 4, 12),
)

# ------------------------------------------------------------- categories: features

bad(
    "format",
    "INPUT",
    "categories",
    category_boolean=("feature 0", 6, "B", 4),
    category_flags_8=("feature 0", 6, "B", 8),
    category_dtype_s32=("feature 0", 5, "B", 6),
    category_count_0=("feature 0", 20, "I", 0),
    category_count_beyond=("feature 0", 20, "I", 100),
    category_count_large=("feature 0", 20, "I", NEGATIVE),
    category_first_beyond=("feature 0", 16, "I", 100),
    category_first_none=("feature 0", 16, "I", NONE),
    number_other=("feature 3", 6, "B", 2),
    number_with_categories=("feature 3", 20, "I", 1),
    number_first_category=("feature 3", 16, "I", 1),
)
bad("unknown", "INPUT", "categories", kind_4=("feature 0", 4, "B", 4))
