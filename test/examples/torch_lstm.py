"""python torch_lstm.py FOLDER: a forecaster of 24 steps from 48, to ONNX. Its
weights are drawn: the answers are what is compared, not the accuracy."""

import sys
from pathlib import Path

import torch
from nets import export
from torch import nn


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.states = nn.LSTM(4, 32, 2, batch_first=True)
        self.head = nn.Linear(32, 24)

    def forward(self, x):
        states, _ = self.states(x)
        return self.head(states[:, -1])


torch.manual_seed(3)
export(Path(sys.argv[1]), Forecaster(), torch.randn(8, 48, 4))
