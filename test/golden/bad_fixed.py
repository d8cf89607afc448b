"""The bad files whose fault is in operators 23 and 24: see bad.py."""

from bad import NONE, bad
from bad_trees import operand

# value 0 x, 1 q, 2 h, 3 y, 4 real; 5 w, 6 c, 7 b of the first layer
NAN = 0x7FC00000

# quantize_fixed: x q; zero scale
bad(
    "format",
    "PLANS",
    "fixed",
    quantize_fixed_x_none=operand(0, NONE),
    quantize_fixed_x_s8=operand(0, 2),
    quantize_fixed_q_f32=operand(1, 4),
    quantize_fixed_q_shape=operand(1, 2),
    quantize_fixed_zero=("operator 0/0", 20, "I", 128),
    quantize_fixed_scale_zero=("operator 0/0", 24, "I", 0),
    quantize_fixed_scale_negative=("operator 0/0", 24, "I", 0xBF800000),
    quantize_fixed_scale_nan=("operator 0/0", 24, "I", NAN),
    quantize_fixed_counts=("operator 0/0", 8, "HH", 1, 2),
)
# dense_fixed: q w c b y; zero low
bad(
    "format",
    "PLANS",
    "fixed",
    dense_fixed_q_none=operand(0, NONE, 1),
    dense_fixed_q_f32=operand(0, 0, 1),
    dense_fixed_q_columns=operand(0, 2, 1),
    dense_fixed_w_rows=operand(1, 6, 1),
    dense_fixed_c_none=operand(2, NONE, 1),
    dense_fixed_c_s32=operand(2, 7, 1),
    dense_fixed_b_none=operand(3, NONE, 1),
    dense_fixed_b_f32=operand(3, 6, 1),
    dense_fixed_y_f32=operand(4, 4, 1),
    dense_fixed_y_columns=operand(4, 3, 1),
    dense_fixed_over_q=("value 0/2", 8, "Q", 192),
    dense_fixed_zero=("operator 0/1", 32, "i", -129),
    dense_fixed_low=("operator 0/1", 36, "I", 128),
    dense_fixed_counts=("operator 0/1", 8, "HH", 5, 0),
)
