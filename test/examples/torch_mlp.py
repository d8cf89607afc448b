"""python torch_mlp.py FOLDER: a regression net, to ONNX. Its weights are drawn:
the answers are what is compared, not the accuracy."""

import sys
from pathlib import Path

import torch
from nets import export
from torch import nn

torch.manual_seed(1)
model = nn.Sequential(
    nn.Linear(13, 64), nn.GELU(), nn.LayerNorm(64), nn.Linear(64, 32), nn.SiLU(), nn.Linear(32, 1)
)
export(Path(sys.argv[1]), model, torch.randn(8, 13))
