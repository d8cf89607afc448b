"""The bad files whose fault is in operators 20 to 22 or in their tables: see
bad.py. Nodes are named by the values of the plan that hold them."""

from bad import NONE, SYMBOL, bad


def element(value: int, at: int, form: str, *words: int):
    """Bytes `at` of the tensor behind a value of plan 0."""

    def change(f) -> None:
        f.put("header", data_of(f, value)[0] + at, form, *words)

    return change


def operand(i: int, value: int, operator: int = 0) -> tuple:
    return (f"operator 0/{operator}", 12 + 4 * i, "I", value)


def data_of(f, value: int) -> tuple[int, int]:
    """Where the tensor behind a value of plan 0 begins and ends in the file."""
    record = f.find(f"tensor {f.get('I', f.find(f'value 0/{value}') + 4)}")
    begin = f.get("Q", record + 32)
    return begin, begin + f.get("Q", record + 40)


def inner_node(value: int, offset: int, form: str, word: int | None, column: int = 0):
    """Changes the first node of three words and a height above 1 whose column is
    at least `column`; None: to its own index."""

    def change(f) -> None:
        begin, end = data_of(f, value)
        for at in range(begin, end, 12):
            if f.get("H", at + 6) > 1 and f.get("H", at + 4) >= column:
                itself = (at - begin) // 12
                f.put("header", at + offset, form, itself if word is None else word)
                return
        raise AssertionError("no such node")

    return change


# -------------------------------------------------------------------- trees_heap

bad(
    "format",
    "PLANS",
    "heap_f32",
    heap_reads_few=("operator 0/0", 8, "HH", 5, 3),
    heap_writes_few=("operator 0/0", 8, "HH", 6, 1),
    heap_x_none=operand(0, NONE),
    heap_x_s32=operand(0, 9),
    heap_x_columns_symbolic=("value 0/0", 20, "I", SYMBOL),
    heap_y_s32=operand(6, 9),
    heap_y_rows=("value 0/1", 16, "I", 4),
    heap_y_symbolic=("value 0/1", 20, "I", SYMBOL),
    heap_values_none=operand(1, NONE),
    heap_values_s32=operand(1, 6),
    heap_values_rank=operand(1, 5),
    heap_values_in_arena=operand(1, 0),
    heap_targets_f32=operand(2, 5),
    heap_targets_rank=operand(2, 6),
    heap_targets_length=("operator 0/0", 44, "I", 10),
    heap_start_s32=operand(3, 4),
    heap_start_length=("value 0/1", 20, "I", 2),
    heap_keys_none=operand(4, NONE),
    heap_keys_u8=operand(4, 7),
    heap_keys_rank=operand(4, 4),
    heap_columns_none=operand(5, NONE),
    heap_columns_s32=operand(5, 6),
    heap_trees_of_one_group=[("operator 0/0", 44, "I", 8), operand(2, NONE)],
    heap_trees_of_three_groups=[("operator 0/0", 44, "I", 17), operand(2, NONE)],
    heap_scratch_small=("value 0/2", 16, "I", 111),
    heap_scratch_symbolic=("value 0/2", 16, "I", SYMBOL),
    heap_scratch_s8=("value 0/2", 1, "B", 3),
    heap_scratch_rank=[("value 0/2", 2, "B", 2), ("value 0/2", 20, "I", 1)],
    heap_scratch_overlaps=("value 0/2", 8, "Q", 0),
    heap_over_x=("value 0/1", 8, "Q", 0),
)
bad(
    "format",
    "PLANS",
    "heap_f64",
    heap_values_wide=("value 0/1", 20, "I", 1),
    heap_values_f32=operand(1, 8),
    heap_values_shape=[operand(4, 4, 1), operand(5, 5, 1)],
    heap_keys_s16=operand(4, 5),
    heap_columns_shape=operand(5, 10),
    heap_trees_0=("operator 0/0", 44, "I", 0),
    heap_trees_many=("operator 0/0", 44, "I", 0xFFFFFFFF),
    heap_nodes_1=[
        ("tensor 0", 16, "3I", 32, 1, 2),
        ("tensor 1", 16, "2I", 32, 1),
        ("tensor 2", 16, "2I", 32, 1),
        ("value 0/3", 16, "3I", 32, 1, 2),
        ("value 0/4", 16, "2I", 32, 1),
        ("value 0/5", 16, "2I", 32, 1),
        ("operator 0/0", 44, "I", 256),
    ],
)
bad(
    "format",
    "DATA",
    "heap_f32",
    heap_column=element(7, 8, "B", 6),
    heap_column_of_last=element(7, 127, "B", 255),
    heap_unused_key=element(6, 28, "I", 1),
    heap_unused_column=element(7, 64, "B", 1),
    heap_target=element(4, 40, "I", 3),
    heap_target_negative=element(4, 0, "i", -1),
)
bad("format", "DATA", "heap_f64", heap_column_negative=element(5, 62, "h", -1))

# ------------------------------------------------------------------ trees_linked

bad(
    "format",
    "PLANS",
    "linked_f32",
    linked_reads_few=("operator 0/0", 8, "HH", 7, 3),
    linked_x_none=operand(0, NONE),
    linked_values_none=operand(1, NONE),
    linked_values_s32=operand(1, 4),
    linked_values_wide=("value 0/1", 20, "I", 1),
    linked_targets_length=operand(2, 5),
    linked_start_s32=operand(3, 5),
    linked_nodes_none=operand(4, NONE),
    linked_nodes_rank=operand(4, 5),
    linked_nodes_words=[("tensor 1", 16, "2I", 945, 2), ("value 0/4", 16, "2I", 945, 2)],
    linked_roots_none=operand(5, NONE),
    linked_roots_odd=operand(5, 6),
    linked_order_none=operand(6, NONE),
    linked_order_rank=operand(6, 4),
    linked_sets_without_categories=operand(7, 5),
    linked_categories_without_sets=("operator 0/0", 52, "I", 1),
    linked_scratch_small=("value 0/2", 16, "I", 1471),
    linked_scratch_s8=("value 0/2", 1, "B", 3),
)
bad(
    "format",
    "PLANS",
    "linked_sets",
    linked_sets_none=operand(7, NONE, 2),
    linked_sets_f64=operand(7, 2, 2),
    linked_categories_0=("operator 0/2", 52, "I", 0),
    linked_categories_3=("operator 0/2", 52, "I", 3),
    linked_nodes_s32=operand(4, 19, 2),
    linked_order_few=[operand(5, 10, 2), operand(4, 19, 2)],
    linked_scratch_of_less=("value 0/6", 16, "I", 447),
)
bad(
    "format",
    "DATA",
    "linked_f32",
    leaf_value=element(4, 0, "I", 5),
    leaf_left=element(4, 8, "I", 1),
    leaf_column=element(4, 4, "H", 0),
    node_column_of_leaf=inner_node(4, 4, "H", 6),
    node_column=inner_node(4, 4, "H", 7),
    node_height_1=inner_node(4, 6, "H", 1),
    node_height_0=inner_node(4, 6, "H", 0),
    node_last=inner_node(4, 8, "I", 629),
    node_beyond=inner_node(4, 8, "I", 0xFFFFFFFF),
    node_of_itself=inner_node(4, 8, "I", None),
    root=element(5, 60, "I", 630),
    order=element(6, 44, "I", 16),
    order_negative=element(6, 0, "i", -1),
)
bad(
    "format",
    "DATA",
    "linked_sets",
    linked_target=element(8, 24, "I", 2),
    set_of_1_bit=element(13, 0, "I", 1),
    set_without_words=element(13, 0, "I", 32 * 7 + 1),
    set_beyond=inner_node(19, 0, "I", 8, column=7),
    set_cut=inner_node(19, 0, "I", 7, column=7),
    node_category=inner_node(19, 4, "H", 10),
)

# ----------------------------------------------------------------------- missing

bad(
    "format",
    "PLANS",
    "linked_sets",
    missing_x_none=operand(0, NONE),
    missing_low_none=operand(1, NONE),
    missing_low_f32=operand(1, 9),
    missing_high_rank=operand(2, 7),
    missing_high_in_arena=operand(2, 0),
    missing_y_f32=operand(3, 4),
    missing_shifted=("value 0/1", 8, "Q", 64),
    missing_attributes=("operator 0/0", 8, "HH", 3, 0),
)
