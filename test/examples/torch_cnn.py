"""python torch_cnn.py FOLDER: a small image classifier, to ONNX. Its weights are
drawn: the answers are what is compared, not the accuracy."""

import sys
from pathlib import Path

import torch
from nets import export
from torch import nn

torch.manual_seed(2)
model = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    nn.Linear(16, 10), nn.Softmax(-1),
)  # fmt: skip
export(Path(sys.argv[1]), model, torch.randn(8, 1, 28, 28))
