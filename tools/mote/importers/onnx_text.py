"""Imports a model of texts: an ONNX transformer that reads the ids of a text's
tokens, and the tokenizer that makes them.

Sentences are never padded: each runs alone, with as many tokens as it has. So
the mask is all ones and every token's type 0, and both are worked out when the
model is compiled. What is left is a plan of one sentence [tokens], of any
length up to the most that the model is to take.

    model.onnx                  inputs input_ids, attention_mask, token_type_ids
    tokenizer.json, vocab.txt   beside it, or in the folder above
    config.json                 its id2label names the classes, its
                                max_position_embeddings are the most tokens
    modules.json, 1_Pooling/, sentence_bert_config.json
                                of sentence-transformers: what is done with a
                                vector for each token, and the most tokens
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mote.config import POOLINGS
from mote.errors import Refusal
from mote.graph import BATCH, Feature, Graph, Imported, Output, Value
from mote.importers import onnx_file
from mote.importers.onnx_build import OPS, Builder, Tensor, natural, op
from mote.importers.onnx_fuse import fuse
from mote.importers.onnx_text_fold import DOMAIN, fold
from mote.importers.onnx_tokens import TOKENS, Joining, first_alone, lengths
from mote.importers.text_session import After, Session
from mote.tokenizer import Tokenizer, read_tokenizer

IDS, MASK, TYPES, PLACES = "input_ids", "attention_mask", "token_type_ids", "position_ids"
LEAST_TOKENS = 3
FEW = 7  # tokens, which every model takes
MAX_TOKENS = 512  # unless it is said: as BERT has it
TOKENIZERS = ("tokenizer.json", "vocab.txt")
SENTENCE = "sentence"
# Outputs that are taken before others, by their names in exported files.
VECTORS = ("sentence_embedding", "text_embeds", "embeddings")
NO_CLASSES = ("regression", "multi_label_classification")  # kinds of problems
STATES = ("last_hidden_state", "token_embeddings")


def is_text(model, path: str, config) -> bool:
    """Whether a file is a model of texts, by the names of its inputs. One of ids that
    states how many there are, and has no tokenizer, takes them as numbers; so does one
    whose dimensions model.toml gives."""
    constants = {t.name for t in model.graph.initializer}
    inputs = {v.name: v for v in model.graph.input if v.name not in constants}
    if config.dimensions or IDS not in inputs or not inputs.keys() <= {IDS, MASK, TYPES, PLACES}:
        return False
    stated = inputs[IDS].type.tensor_type.shape.dim[1:]
    tokenized = config.text.tokenizer or any(map(beside(path).find, TOKENIZERS))
    return bool(tokenized) or not stated or not all(d.HasField("dim_value") for d in stated)


# ------------------------------------------------------------------- beside the file


@dataclass
class Beside:
    """What lies in the folder of a model, or in the one above."""

    folders: list[Path]

    def find(self, name: str) -> Path | None:
        return next((f / name for f in self.folders if (f / name).is_file()), None)

    def read(self, name: str):
        """Of a JSON file, None where there is none."""
        path = self.find(name)
        if path is None:
            return None
        try:
            return json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as e:
            raise Refusal(f"{path}: is no JSON: {e}") from e

    def members(self, name: str) -> dict:
        """Of a JSON file that is an object; of no file, none."""
        found = self.read(name)
        if found is not None and not isinstance(found, dict):
            raise Refusal(f"{self.find(name)}: expected an object, got {json.dumps(found)[:40]}")
        return found or {}

    def modules(self) -> list[tuple[str, str]]:
        """Of sentence-transformers' modules.json, (kind, path) of each."""
        found = self.read("modules.json") or []
        try:
            return [(str(m["type"]).rsplit(".", 1)[-1], str(m["path"])) for m in found]
        except (TypeError, KeyError) as e:
            raise Refusal(
                f"{self.find('modules.json')}: expected a list of objects with type and path"
            ) from e

    def tokenizer_path(self, config) -> Path:
        named = config.text.tokenizer
        names = (named,) if named else TOKENIZERS
        path = next((p for p in map(self.find, names) if p), None)
        if path is None:
            raise Refusal(
                f"a model of texts needs its tokenizer: expected {' or '.join(names)} in "
                f"{self.folders[0]}; say where it is in model.toml: [text] tokenizer; or, to "
                "take ids, how many there are: [input] dimensions"
            )
        return path

    def labels(self) -> list[str] | None:
        found = self.members("config.json").get("id2label")
        if not isinstance(found, dict):
            return None
        if set(found) != {str(i) for i in range(len(found))}:
            raise Refusal(
                f"{self.find('config.json')}: id2label: expected the keys 0 to {len(found) - 1}, "
                f"got {', '.join(found)[:60]}"
            )
        return [str(found[str(i)]) for i in range(len(found))]

    def max_tokens(self) -> int | None:
        """What sentence-transformers cuts texts to, or what the model has places for."""
        for name, key in (
            ("sentence_bert_config.json", "max_seq_length"),
            ("config.json", "max_position_embeddings"),
        ):
            most = self.members(name).get(key)
            if type(most) is int and most >= LEAST_TOKENS:
                return most
        return None

    def pooling(self, config) -> tuple[str | None, bool]:
        """How a vector is made of those of the tokens, and whether it gets norm 1."""
        kind, normalize = config.text.pooling, config.text.normalize
        for number, (name, path) in enumerate(self.modules()):
            if name == "Pooling" and kind is None:
                kind = pooling_of(self.read(f"{path}/config.json"), path)
            elif name == "Normalize":
                normalize = True if normalize is None else normalize
            elif name not in ("Transformer", "Pooling"):
                raise Refusal(
                    f"modules.json: module {number} is {name}, which cannot be compiled yet; "
                    "export the ONNX file with it inside, as sentence_embedding"
                )
        if kind is None and (given := self.read("1_Pooling/config.json")) is not None:
            kind = pooling_of(given, "1_Pooling")
        return kind, bool(normalize)


def pooling_of(given, path: str) -> str:
    """Of a Pooling module's config.json, in its old form and its new."""
    if not isinstance(given, dict):
        raise Refusal(f"{path}/config.json: expected the pooling of sentence-transformers")
    modes = given.get("pooling_mode")
    if modes is None:
        prefix = "pooling_mode_"
        modes = [k.removeprefix(prefix) for k, v in given.items() if k.startswith(prefix) and v]
    modes = [modes] if isinstance(modes, str) else list(modes)
    names = [m.removesuffix("_tokens").removesuffix("_token") for m in modes]
    if len(names) != 1 or names[0] not in POOLINGS:
        raise Refusal(
            f"{path}/config.json: pooling {', '.join(modes)}: expected one of {', '.join(POOLINGS)}"
        )
    return names[0]


def beside(path: str) -> Beside:
    folder = Path(path).resolve().parent
    return Beside([folder, folder.parent] if folder.name == "onnx" else [folder])


# -------------------------------------------------------------------------- reading


@op("Position", domain=DOMAIN)
def position(b: Builder, node):
    x, table = b.plain(b.real(node)), b.input(node, 1)
    return b.like(x, b.graph.position(b.view(x, *table.shape), table))


@op("Normalize", domain=DOMAIN)
def normalize(b: Builder, node):
    x = b.plain(b.real(node))
    n = x.shape[-1]
    rows = (n,) if x.size == n else (x.size // n, n)
    return b.like(x, b.graph.normalize(b.view(x, *rows)))


def program_of(model, tokens: int) -> onnx_file.Program:
    """Of a sentence of so many tokens."""
    shape = (1, tokens)
    inputs = {v.name: v for v in model.graph.input}
    always = {
        MASK: np.ones(shape), TYPES: np.zeros(shape), PLACES: np.arange(tokens).reshape(shape),
    }  # fmt: skip
    onnx = onnx_file.library()
    fixed = {
        name: array.astype(onnx_file.element_type(onnx, inputs[name]))
        for name, array in always.items()
        if name in inputs
    }
    program = onnx_file.program(model, {}, OPS, {IDS: shape}, fixed)
    program.outputs = [chosen_output(program.outputs)]
    fuse(program)
    fold(program, tokens)
    return program


def chosen_output(names: list[str]) -> str:
    for name in (*VECTORS, "logits", *STATES):
        if name in names:
            return name
    if len(names) == 1:
        return names[0]
    raise Refusal(
        f"outputs {', '.join(names)}: expected one, or one of the names "
        f"{', '.join((*VECTORS, 'logits', *STATES))}"
    )


def graph_of(program: onnx_file.Program, tokens: int) -> tuple[Graph, Tensor]:
    ids = Value((BATCH, tokens), "s32")
    graph = Graph([ids], net=True)
    builder = Builder(program, graph)
    builder.values[IDS] = Tensor(ids, (1, tokens), natural((1, tokens)))
    builder.run()
    result = builder.values[program.outputs[0]]
    if not isinstance(result, Tensor) or result.dtype != "real":
        raise Refusal(f"output {program.outputs[0]!r}: expected numbers that depend on the text")
    result = builder.plain(result)
    graph.outputs = [result.value]
    graph.prune()
    return graph, result


def tables_of(program: onnx_file.Program) -> list[np.ndarray]:
    nodes = [n for n in program.nodes if (n.domain, n.op) == (DOMAIN, "Position")]
    return [program.constants[n.inputs[1]] for n in nodes]


def longest_program(model, most: int) -> onnx_file.Program:
    try:
        return program_of(model, most)
    except Refusal as e:
        raise too_many(most, e) from e


def too_many(most: int, why: Refusal) -> Refusal:
    return Refusal(
        f"max_tokens {most}: the model does not take so many ({why}); set a smaller "
        "[text] max_tokens in model.toml"
    )


def takes(model, tokens: int) -> bool:
    try:
        return bool(graph_of(program_of(model, tokens), tokens))
    except Refusal:
        return False


def joined(model, most: int) -> tuple[Graph, tuple[int, ...]]:
    """The graph of any length up to the most, and the shape of its output, which
    has 0 for the number of tokens."""
    sizes = lengths(most)
    try:
        read = [graph_of(program_of(model, n), n) for n in sizes]
    except Refusal as e:
        if sizes != lengths(FEW) and takes(model, FEW):
            raise too_many(most, e) from e
        raise Refusal(
            f"read for {sizes[0]} and for {sizes[1]} tokens, which a model with a dimension for "
            f"the sequence takes: {e}"
        ) from e
    tables = tables_of(longest_program(model, most))
    graph = Joining(tuple(g for g, _ in read), sizes, tables, most).graph
    shape = tuple(0 if pair == sizes else pair[0]
                  for pair in zip(read[0][1].shape, read[1][1].shape))  # fmt: skip
    return graph, shape


# -------------------------------------------------------------------------- results


def pooled(graph: Graph, states: Value, n: int, after: After) -> Value:
    rows = graph.reshape(states, (BATCH, TOKENS, n))
    y = graph.reduce(rows, "first" if after.pooling == "cls" else after.pooling)
    return graph.normalize(y) if after.unit else y


def output_of(
    graph: Graph, shape: tuple[int, ...], name: str, config, files: Beside
) -> tuple[Output, After]:
    """What a sentence is answered with; the graph gets what leads to it."""
    labels = config.labels
    value, n, after = graph.outputs[0], shape[-1], After()
    if 0 in shape:
        if shape[:-1] not in ((1, 0), (0,)):
            raise Refusal(f"output {name!r}: {shape}, 0 being the tokens; expected [1][tokens][n]")
        after.pooling, after.unit = files.pooling(config)
        if after.pooling is None:
            raise Refusal(
                f"output {name!r} is a vector for each token: say what is made of them in "
                'model.toml: [text] pooling = "mean" (or "max", "cls"), or put the folder '
                "1_Pooling of sentence-transformers beside the model"
            )
        value = pooled(graph, value, n, after)
        kind = config.kind or "embedding"
    else:
        if int(np.prod(shape[:-1])) != 1:
            raise Refusal(f"output {name!r}: {shape}; expected a vector for each text")
        value = graph.reshape(value, (BATCH, n))
        problem = files.members("config.json").get("problem_type")
        is_class = name == "logits" and n > 1 and problem not in NO_CLASSES
        kind = config.kind or (
            "embedding" if name in VECTORS else "class" if labels or is_class else "numbers"
        )
        labels = labels or files.labels()
    if kind == "embedding":
        graph.outputs = [value]
        return Output(kind, [], None, value), after
    names = labels or [f"x{i}" if kind == "numbers" else f"LABEL_{i}" for i in range(n)]
    if len(names) != n:
        raise Refusal(f"labels: expected {n}, as the model gives, got {len(names)}")
    if kind == "numbers":
        graph.outputs = [value]
        return Output(kind, names, None, value), after
    after.classes = True
    after.shares = not is_softmax(graph, value)
    scores = graph.softmax(value) if after.shares else value
    index = graph.argmax(value)
    graph.outputs = [index, scores]
    return Output(kind, names, index, scores, "probabilities"), after


def is_softmax(graph: Graph, value: Value) -> bool:
    """Whether the model gives probabilities itself."""
    makers = {y: node for node in graph.nodes for y in node.outputs}
    while (node := makers.get(value)) is not None and node.op == "reshape":
        value = node.input
    return node is not None and node.op in ("softmax_rows", "softmax")


def import_text(path: str, model, config, runtime) -> Imported:
    files = beside(path)
    tokenizer = read_tokenizer(files.tokenizer_path(config))
    check_case(files, tokenizer)
    most = config.text.max_tokens or files.max_tokens() or tokenizer.max_tokens or MAX_TOKENS
    graph, shape = joined(model, most)
    name = chosen_output([v.name for v in model.graph.output])
    output, after = output_of(graph, shape, name, config, files)
    graph.prune()
    graph = first_alone(graph)
    results = iter(graph.outputs)
    output.index = next(results) if output.index is not None else None
    output.scores = next(results)
    check_vocabulary(graph, tokenizer)
    features = config.features or [SENTENCE]
    if len(features) != 1:
        raise Refusal(f"features: expected 1 name, that of the text, got {len(features)}")
    session = Session(runtime, model, files.tokenizer_path(config), most, name, after)
    return Imported(
        graph=graph,
        features=[Feature(features[0], text=True, dtype="s32")],
        output=output,
        trainer=f"ONNX Runtime {runtime.__version__}",
        predict=session.predict,
        tokenizer=tokenizer,
        token_rows=sort_rows(graph, tokenizer),
        ids=session.ids,
    )


def check_case(files: Beside, tokenizer: Tokenizer) -> None:
    """sentence-transformers may lower the case of a text before the tokenizer sees it."""
    name = "sentence_bert_config.json"
    if files.members(name).get("do_lower_case") and not tokenizer.lowercase:
        raise Refusal(
            f"{files.find(name)}: do_lower_case: true is supported with a tokenizer that lowers "
            "the case itself, which this one does not"
        )


def check_vocabulary(graph: Graph, tokenizer: Tokenizer) -> None:
    """Every id must have a row."""
    for node in graph.nodes:
        if node.op == "embed" and len(node.attributes["table"]) < tokenizer.size:
            raise Refusal(
                f"the tokenizer has ids up to {tokenizer.size - 1}, the model's embedding "
                f"{len(node.attributes['table'])} rows: they are not of one model"
            )


def sort_rows(graph: Graph, tokenizer: Tokenizer) -> list[int] | None:
    """Puts the rows of the embedding in the order that Tokenizer.rows gives, and
    returns that; None where something else reads the ids too."""
    readers = [node for node in graph.nodes if graph.input in node.inputs]
    if graph.input in graph.outputs or any(node.op != "embed" for node in readers):
        return None
    rows = tokenizer.rows()
    for node in readers:
        table = node.attributes["table"]
        node.attributes["table"] = sorted_table = table.copy()
        sorted_table[rows] = table[: len(rows)]
    return rows
