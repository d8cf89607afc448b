"""The bad files whose fault is in an operator of number 49 to 59: see bad.py."""

from bad import NONE, SYMBOL, bad

# convert: x y
bad(
    "format",
    "PLANS",
    "conversions",
    convert_x_none=("operator 0/0", 12, "I", NONE),
    convert_y_shape=("value 0/8", 20, "I", 3),
    convert_y_rank=[("value 0/8", 2, "B", 1), ("value 0/8", 20, "I", 0)],
    convert_y_over_x=("value 0/1", 8, "Q", 64),
    convert_attributes=("operator 0/0", 8, "HH", 1, 0),
)

# expand: x y; compare, logic: a b y kind; select: which a b y
bad(
    "format",
    "PLANS",
    "choices",
    expand_x_none=("operator 0/2", 12, "I", NONE),
    expand_x_length=("value 0/3", 20, "I", 4),
    expand_rank=("operator 0/2", 12, "I", 6),
    expand_y_f64=("value 0/3", 1, "B", 2),
    compare_a_none=("operator 0/3", 12, "I", NONE),
    compare_a_s8=[("value 0/2", 1, "B", 3), ("value 0/11", 1, "B", 3)],
    compare_b_none=("operator 0/3", 16, "I", NONE),
    compare_b_f64=("operator 0/3", 16, "I", 6),
    compare_b_shape=("value 0/3", 20, "I", 2),
    compare_y_u8=("value 0/7", 1, "B", 4),
    compare_y_shape=("value 0/7", 20, "I", 2),
    compare_y_over_a=("value 0/7", 8, "Q", 128),
    compare_kind_3=("operator 0/3", 24, "I", 3),
    compare_reads=("operator 0/3", 8, "HH", 1, 2),
    logic_a_f32=("operator 0/8", 12, "I", 1),
    logic_b_f32=("operator 0/8", 16, "I", 1),
    logic_y_s8=("value 0/14", 1, "B", 3),
    logic_y_over_b=("value 0/14", 8, "Q", 384),
    logic_kind_3=("operator 0/8", 24, "I", 3),
    select_which_none=("operator 0/12", 12, "I", NONE),
    select_which_f32=("operator 0/12", 12, "I", 1),
    select_a_none=("operator 0/12", 16, "I", NONE),
    select_a_f64=("operator 0/12", 16, "I", 0),
    select_b_shape=("operator 0/12", 20, "I", 4),
    select_y_shape=("value 0/18", 20, "I", 2),
    select_y_over_a=("value 0/18", 8, "Q", 128),
    select_y_over_which=("value 0/20", 8, "Q", 768),
)

# take: x index y axis; matmul: a b y
bad(
    "format",
    "PLANS",
    "moved",
    take_x_none=("operator 0/5", 12, "I", NONE),
    take_index_none=("operator 0/5", 16, "I", NONE),
    take_index_f32=("operator 0/5", 16, "I", 5),
    take_index_in_arena=("operator 0/5", 16, "I", 9),
    take_y_short=("operator 0/5", 16, "I", 10),
    take_y_shape=("value 0/7", 24, "I", 2),
    take_y_s32=("value 0/7", 1, "B", 6),
    take_axis_3=("operator 0/5", 24, "I", 3),
    take_axis_symbol=("operator 0/5", 24, "I", 0),
    take_y_over_x=("value 0/7", 8, "Q", 128),
    matmul_a_none=("operator 0/7", 12, "I", NONE),
    matmul_b_none=("operator 0/7", 16, "I", NONE),
    matmul_a_columns=("operator 0/7", 12, "I", 1),
    matmul_b_rank=("operator 0/7", 16, "I", 16),
    matmul_leading=("operator 0/9", 12, "I", 7),
    matmul_y_shape=("value 0/11", 24, "I", 3),
    matmul_y_symbol=("value 0/11", 24, "I", SYMBOL),
    matmul_y_over_b=("value 0/11", 8, "Q", 1728),
    matmul_s32=[("value 0/12", 1, "B", 6), ("value 0/13", 1, "B", 6)],
    matmul_attributes=("operator 0/7", 8, "HH", 2, 0),
)
bad(
    "format",
    "DATA",
    "moved",
    take_index_large=("DATA", 64, "I", 2),
    take_index_negative=("DATA", 64, "i", -1),
)

# unary: x y kind; power: a b y; integer: a b y kind
bad(
    "format",
    "PLANS",
    "functions",
    unary_x_none=("operator 0/0", 12, "I", NONE),
    unary_x_s32=("operator 0/0", 12, "I", 15),
    unary_y_shape=("value 0/1", 20, "I", 3),
    unary_y_s32=("value 0/1", 1, "B", 6),
    unary_kind_5=("operator 0/0", 20, "I", 5),
    power_a_none=("operator 0/6", 12, "I", NONE),
    power_a_one=("operator 0/7", 12, "I", 8),
    power_b_none=("operator 0/6", 16, "I", NONE),
    power_b_shape=("operator 0/6", 16, "I", 7),
    power_b_s32=("operator 0/7", 16, "I", 27),
    power_y_shape=("value 0/10", 20, "I", 3),
    power_y_over_b=("value 0/10", 8, "Q", 384),
    power_attributes=("operator 0/6", 8, "HH", 2, 0),
    integer_a_none=("operator 0/12", 12, "I", NONE),
    integer_b_none=("operator 0/12", 16, "I", NONE),
    integer_b_f32=("operator 0/12", 16, "I", 9),
    integer_y_f32=("value 0/16", 1, "B", 1),
    integer_y_shape=("value 0/18", 20, "I", 3),
    integer_y_over_b=("value 0/18", 8, "Q", 768),
    integer_kind_8=("operator 0/12", 24, "I", 8),
)

# remainder: a b y kind
bad(
    "format",
    "PLANS",
    "remainders",
    remainder_a_none=("operator 0/0", 12, "I", NONE),
    remainder_a_one=("operator 0/1", 12, "I", 2),
    remainder_b_none=("operator 0/0", 16, "I", NONE),
    remainder_y_shape=("value 0/3", 20, "I", 2),
    remainder_y_s32=("value 0/3", 1, "B", 6),
    remainder_y_over_b=("value 0/3", 8, "Q", 64),
    remainder_kind_2=("operator 0/0", 24, "I", 2),
    remainder_attributes=("operator 0/0", 8, "HH", 2, 0),
)
