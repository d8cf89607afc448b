"""What the three PyTorch examples share: to ONNX, and answers to hold it to."""

import json
from pathlib import Path

import torch

ANSWERED = 4  # inputs whose answers are written beside a model


def export(folder: Path, model: torch.nn.Module, inputs: torch.Tensor) -> None:
    """model.onnx for batches of any size; answers.json for some inputs, each one
    row of numbers."""
    model.eval()
    batch = torch.export.Dim("batch")
    torch.onnx.export(
        model, (inputs[:2],), folder / "model.onnx", dynamic_shapes=({0: batch},), dynamo=True,
        input_names=["x"], output_names=["y"], external_data=False, verbose=False,
    )  # fmt: skip
    asked = inputs[:ANSWERED]
    with torch.no_grad():
        scores = model(asked).reshape(len(asked), -1).tolist()
    events = asked.reshape(len(asked), -1).tolist()
    answers = {"events": events, "labels": None, "scores": scores}
    (folder / "answers.json").write_text(json.dumps(answers, indent=1) + "\n")
