"""The bad files whose fault is in an operator of number 10 to 19: see bad.py."""

from bad import NONE, SYMBOL, bad

INFINITE, NAN, MINUS_1 = 0x7F800000, 0x7FC00000, 0xBF800000

# map: x y kind
bad(
    "format",
    "PLANS",
    "maps",
    map_x_none=("operator 0/0", 12, "I", NONE),
    map_x_f64=("value 0/0", 1, "B", 2),
    map_y_shape=("value 0/2", 20, "I", 2),
    map_y_s32=("value 0/2", 1, "B", 6),
    map_rank_0=[
        (f"value 0/{v}", at, form, *zeros)
        for v in (0, 1)
        for at, form, *zeros in ((2, "B", 0), (16, "II", 0, 0))
    ],
    map_kind_0=("operator 0/0", 20, "I", 0),
    map_kind_6=("operator 0/0", 20, "I", 6),
    map_kind_15=("operator 0/0", 20, "I", 15),
    map_kind_22=("operator 0/0", 20, "I", 22),
    map_kind_none=("operator 0/0", 20, "I", NONE),
    map_shifted=[("value 0/11", 8, "Q", 0), ("value 0/0", 8, "Q", 640), ("value 0/0", 16, "I", 3)],
)

# binary: a b y kind
bad(
    "format",
    "PLANS",
    "binaries",
    binary_a_none=("operator 0/1", 12, "I", NONE),
    binary_a_one=("operator 0/3", 12, "I", 3),
    binary_b_none=("operator 0/1", 16, "I", NONE),
    binary_b_shape=("operator 0/1", 16, "I", 12),
    binary_b_s32=[("value 0/4", 1, "B", 6)],
    binary_y_shape=("operator 0/1", 20, "I", 12),
    binary_kind_6=("operator 0/1", 24, "I", 6),
    binary_over_b=("value 0/6", 8, "Q", 64),
    binary_attributes=("operator 0/1", 8, "HH", 3, 1),
)

# norm: x r g b y kind eps; softmax_f32: x y scale; normalize: x y
bad(
    "format",
    "PLANS",
    "norms",
    norm_x_none=("operator 0/1", 12, "I", NONE),
    norm_r_shape=("operator 0/1", 16, "I", 1),
    norm_g_none=("operator 0/1", 20, "I", NONE),
    norm_g_in_arena=("operator 0/1", 20, "I", 3),
    norm_b_shape=("operator 0/1", 24, "I", 3),
    norm_y_shape=("value 0/4", 20, "I", 18),
    norm_over_r=("value 0/4", 8, "Q", 320),
    norm_kind_2=("operator 0/1", 32, "I", 2),
    norm_eps_0=("operator 0/1", 36, "I", 0),
    norm_eps_nan=("operator 0/1", 36, "I", NAN),
    norm_eps_infinite=("operator 0/1", 36, "I", INFINITE),
    norm_reads_few=("operator 0/1", 8, "HH", 3, 2),
    softmax_f32_x_none=("operator 0/3", 12, "I", NONE),
    softmax_f32_x_tensor_shape=("operator 0/3", 12, "I", 1),
    softmax_f32_y_shape=("value 0/6", 20, "I", 18),
    softmax_f32_scale_0=("operator 0/3", 20, "I", 0),
    softmax_f32_scale_negative=("operator 0/3", 20, "I", MINUS_1),
    softmax_f32_scale_nan=("operator 0/3", 20, "I", NAN),
    normalize_x_none=("operator 0/4", 12, "I", NONE),
    normalize_y_shape=("value 0/7", 20, "I", 18),
    normalize_attributes=("operator 0/4", 8, "HH", 1, 0),
)

# embed: a ids table scale y
bad(
    "format",
    "PLANS",
    "embeddings",
    embed_a_shape=("operator 0/3", 12, "I", 0),
    embed_a_tensor=("operator 0/3", 12, "I", 6),
    embed_ids_none=("operator 0/1", 16, "I", NONE),
    embed_ids_f32=("operator 0/1", 16, "I", 4),
    embed_ids_shape=("value 0/1", 16, "I", 4),
    embed_table_none=("operator 0/1", 20, "I", NONE),
    embed_table_rank=("operator 0/1", 20, "I", 4),
    embed_table_f32_scaled=("operator 0/1", 20, "I", 6),
    embed_table_s8_unscaled=("operator 0/1", 24, "I", NONE),
    embed_table_in_arena=("operator 0/2", 20, "I", 2),
    embed_scale_length=[
        ("value 0/4", 16, "I", 3),
        ("tensor 1", 16, "I", 3),
        ("tensor 1", 40, "QQ", 12, 12),
        ("DATA", 140, "4x"),
    ],
    embed_scale_rank=("operator 0/1", 24, "I", 6),
    embed_y_columns=("value 0/2", 20, "I", 17),
    embed_y_none=("operator 0/1", 28, "I", NONE),
    embed_y_f64=("value 0/2", 1, "B", 2),
    embed_over_ids=("value 0/2", 8, "Q", 192),
    embed_reads_few=("operator 0/1", 8, "HH", 3, 2),
)

# position: x table scale y; attention: qkv y scratch heads scale causal;
# reduce: x y kind
bad(
    "format",
    "PLANS",
    "transformer",
    position_x_none=("operator 0/0", 12, "I", NONE),
    position_x_rank=("operator 0/0", 12, "I", 6),
    position_table_none=("operator 0/0", 16, "I", NONE),
    position_table_s8_unscaled=("operator 0/0", 16, "I", 5),
    position_scale_length=("operator 0/1", 16, "I", 4),
    position_table_in_arena=("operator 0/0", 16, "I", 10),
    position_y_shape=("operator 0/0", 24, "I", 8),
    attention_qkv_none=("operator 0/2", 12, "I", NONE),
    attention_qkv_rank=("operator 0/2", 12, "I", 6),
    attention_y_shape=("operator 0/2", 16, "I", 2),
    attention_y_rank=("value 0/8", 2, "B", 2),
    attention_scratch_small=("value 0/7", 16, "I", 639),
    attention_scratch_u8=("value 0/7", 1, "B", 4),
    attention_scratch_rank=[("value 0/7", 2, "B", 2), ("value 0/7", 20, "I", 1)],
    attention_scratch_symbolic=[("value 0/7", 16, "I", SYMBOL), ("symbol 0", 4, "I", 640)],
    attention_scratch_overlaps=("value 0/7", 8, "Q", 1792),
    attention_heads_0=("operator 0/2", 24, "I", 0),
    attention_heads_4=("operator 0/2", 24, "I", 4),
    attention_heads_many=("operator 0/2", 24, "I", NONE),
    attention_heads_symbol=("operator 0/2", 24, "I", SYMBOL),
    attention_scale_0=("operator 0/2", 28, "I", 0),
    attention_scale_infinite=("operator 0/2", 28, "I", INFINITE),
    attention_causal_2=("operator 0/2", 32, "I", 2),
    attention_writes_few=("operator 0/2", 8, "HH", 2, 1),
    reduce_x_none=("operator 0/4", 12, "I", NONE),
    reduce_x_rank=("operator 0/4", 12, "I", 6),
    reduce_y_shape=("operator 0/4", 16, "I", 8),
    reduce_y_columns=("value 0/10", 20, "I", 5),
    reduce_kind_5=("operator 0/4", 20, "I", 5),
    reduce_in_place=("value 0/10", 8, "Q", 4160),
)
bad("format", "PLANS", "batch_as_steps", position_table_short=("symbol 0", 4, "I", 2))
bad("format", "PLANS", "long_sequence", attention_scratch_of_less=("value 0/7", 16, "I", 1087))

# lookup: x table y
bad(
    "format",
    "PLANS",
    "lookups",
    lookup_x_none=("operator 0/1", 12, "I", NONE),
    lookup_x_f32=("operator 0/1", 12, "I", 0),
    lookup_table_none=("operator 0/1", 16, "I", NONE),
    lookup_table_s32=[("value 0/3", 1, "B", 6), ("tensor 0", 0, "B", 6)],
    lookup_table_rank=[
        ("value 0/5", 2, "B", 2),
        ("value 0/5", 16, "II", 2, 128),
        ("tensor 2", 1, "B", 2),
        ("tensor 2", 16, "II", 2, 128),
    ],
    lookup_table_in_arena=("operator 0/1", 16, "I", 6),
    lookup_y_dtype=("operator 0/1", 20, "I", 7),
    lookup_y_shape=("value 0/6", 20, "I", 2),
    lookup_attributes=("operator 0/1", 8, "HH", 1, 1),
)
