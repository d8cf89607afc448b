#!/usr/bin/env python3
"""Trains the forecaster of a river's discharge and exports it as ONNX.

Data: MOTE_DATA/river/dranse_hourly.csv, hourly discharge of the Dranse at Bioge
in m3/s, 2016 to 2019 (Banque Hydro, open licence).
Model: an ensemble combined linearly, a weight for each member and hour: a GRU
that reads the last three days; a linear model of the last week, the means of 10
and 30 days and the calendar; and the last hour's value. The first two work on
logarithms of discharge relative to the last hour's; preprocessing and its
inverse are in the graph.
Held out: 2019, which nothing is fitted to or chosen by. Trained on what comes
before May 2018; the GRU's best epoch and the members' weights come from the
eight months between.

    train.py [--epochs N] [--seed N] FOLDER

writes FOLDER/model.onnx (`discharge` f32 [batch][720], oldest first, and `hour`
s64 [batch][1], hours since 1970 of the first to be forecast, UTC; `forecast`
f32 [batch][96]) and FOLDER/held_out.npz for evaluate.py.
"""

import argparse
import csv
import os
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

WINDOW, HORIZON = 720, 96  # hours that are read and forecast
LAGS, RECENT = 168, 72  # of them by the linear model, by the GRU
MEANS = (240, 720)
HIDDEN = 48
DROPPED = 0.3  # of what the last layers see, while training
HARMONICS = 3
YEARS = 1461  # days, in which the calendar repeats
LEAST = 0.01  # m3/s, below which nothing has a logarithm worth having
SCALE = 0.5  # of logarithms relative to the last hour's, so that layers see about 1

TRAIN_TO, HELD_OUT = "2018-05-01", "2019-01-01"
BATCH, RATE = 64, 2e-3
MEMORY = 0.998  # of the running mean, a step
ROUND = 0.1  # of an hour's usual change: errors below count squared, above as they are


class Series:
    """The whole record on its grid of hours, as windows."""

    def __init__(self, path: Path):
        with path.open() as f:
            rows = list(csv.reader(f))[1:]
        times = np.array([r[0] for r in rows], dtype="datetime64[h]").astype(np.int64)
        known = np.array([float(r[1]) if r[1] else np.nan for r in rows])
        self.first = int(times[0])
        values = np.full(times[-1] - times[0] + 1, np.nan)
        values[times - self.first] = known
        there = ~np.isnan(values)
        at = np.arange(len(values))
        self.values = torch.tensor(np.interp(at, at[there], values[there]).astype(np.float32))

    def place(self, day: str) -> int:
        return int(np.datetime64(day, "h").astype(np.int64)) - self.first

    def starts(self, begin: int, end: int, step: int = 1) -> torch.Tensor:
        """First hours of forecasts that lie wholly between two places."""
        return torch.arange(max(begin, WINDOW), end - HORIZON + 1, step)

    def take(self, starts: torch.Tensor):
        """windows [n][WINDOW], hours [n][1], what came [n][HORIZON]"""
        windows = self.values[starts[:, None] - WINDOW + torch.arange(WINDOW)]
        come = self.values[starts[:, None] + torch.arange(HORIZON)]
        return windows, starts[:, None] + self.first, come


def circle(count: int, harmonics: int) -> torch.Tensor:
    """sin and cos of each place on a circle of `count`: [count][2 * harmonics]"""
    angle = torch.arange(count, dtype=torch.float64) * (2 * torch.pi / count)
    parts = [f(k * angle) for k in range(1, harmonics + 1) for f in (torch.sin, torch.cos)]
    return torch.stack(parts, 1).float()


class Calendar(nn.Module):
    """Hour of the day, hour of the week and time of the year."""

    def __init__(self):
        super().__init__()
        self.register_buffer("day", circle(24, HARMONICS))
        self.register_buffer("week", circle(168, HARMONICS))
        self.register_buffer("year", circle(YEARS, 4)[:, -2:])  # four turns

    def forward(self, hours: torch.Tensor) -> torch.Tensor:
        """hours s64 [n][k] to [n][k][4 * HARMONICS + 2]"""
        days = torch.div(hours, 24, rounding_mode="trunc")
        places = ((hours % 24, self.day), (hours % 168, self.week), (days % YEARS, self.year))
        return torch.cat([nn.functional.embedding(i, table) for i, table in places], -1)


class Ensemble(nn.Module):
    def __init__(self):
        super().__init__()
        features = LAGS + len(MEANS) + 1 + 4 * HARMONICS + 2
        self.calendar = Calendar()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("spread", torch.ones(features))
        self.linear = nn.Linear(features, HORIZON)
        self.gru = nn.GRU(2 + 4 * HARMONICS + 2, HIDDEN, batch_first=True)
        self.head = nn.Sequential(
            nn.Linear(HIDDEN + features, 64), nn.ReLU(), nn.Linear(64, HORIZON)
        )
        self.dropout = nn.Dropout(DROPPED)
        self.direct = nn.Linear(HIDDEN + features, HORIZON)
        self.weights = nn.Parameter(torch.tensor([[0.5], [0.5], [0.0]]).repeat(1, HORIZON))
        for layer in (self.head[2], self.direct):  # begins as "no change"
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def features(self, log: torch.Tensor, hour: torch.Tensor) -> torch.Tensor:
        last = log[:, -1:]
        means = [log[:, -n:].mean(1, keepdim=True) - last for n in MEANS]
        when = self.calendar(hour)[:, 0]
        return torch.cat([log[:, -LAGS:] - last, *means, last, when], 1)

    def scaled(self, log: torch.Tensor, hour: torch.Tensor) -> torch.Tensor:
        return (self.features(log, hour) - self.mean) / self.spread

    def recurrent(self, log: torch.Tensor, hour: torch.Tensor, scaled) -> torch.Tensor:
        recent = log[:, -RECENT:] - log[:, -1:]
        change = log[:, -RECENT:] - log[:, -RECENT - 1 : -1]
        when = self.calendar(hour - RECENT + torch.arange(RECENT))
        steps = torch.cat([recent[..., None], 5 * change[..., None], when], -1)
        seen = self.dropout(torch.cat([self.gru(steps)[0][:, -1], scaled], 1))
        return SCALE * (self.direct(seen) + self.head(seen))

    def members(self, discharge: torch.Tensor, hour: torch.Tensor):
        """Forecasts, m3/s: of the GRU, of the linear model [n][HORIZON]; the last
        value [n][1]."""
        log = torch.log(torch.clamp(discharge, min=LEAST))
        scaled, last = self.scaled(log, hour), log[:, -1:]
        return (
            torch.exp(last + self.recurrent(log, hour, scaled)),
            torch.exp(last + self.linear(scaled)),
            discharge[:, -1:],
        )

    def forward(self, discharge: torch.Tensor, hour: torch.Tensor) -> torch.Tensor:
        recurrent, linear, last = self.members(discharge, hour)
        w = self.weights
        return w[0] * recurrent + w[1] * linear + w[2] * last


def in_parts(f, series: Series, starts: torch.Tensor, size: int = 1024):
    with torch.no_grad():
        return torch.cat([f(series.take(part)) for part in starts.split(size)])


def fit_linear(model: Ensemble, series: Series, starts: torch.Tensor, ridge: float = 10.0) -> None:
    """Least squares of logarithms, with a little ridge; and what scales features."""

    def features(taken):
        return model.features(torch.log(taken[0].clamp(min=LEAST)), taken[1])

    def changes(taken):
        return torch.log(taken[2].clamp(min=LEAST)) - torch.log(taken[0][:, -1:].clamp(min=LEAST))

    x = in_parts(features, series, starts)
    model.mean.copy_(x.mean(0))
    model.spread.copy_(x.std(0) + 1e-3)
    x = ((x - model.mean) / model.spread).double()
    x = torch.cat([x, torch.ones(len(x), 1, dtype=torch.float64)], 1)
    y = in_parts(changes, series, starts).double()
    gram = x.T @ x + ridge * torch.eye(x.shape[1], dtype=torch.float64)
    solved = torch.linalg.solve(gram, x.T @ y).float()
    with torch.no_grad():
        model.linear.weight.copy_(solved[:-1].T)
        model.linear.bias.copy_(solved[-1])


def rounded_error(error: torch.Tensor) -> torch.Tensor:
    return (ROUND * ROUND + error * error).sqrt() - ROUND


def fit_recurrent(model: Ensemble, series: Series, starts, watched, usual, epochs: int) -> None:
    """Adam on errors in units of each hour's usual change. What is kept is a running
    mean of the weights, as it was after the best epoch."""
    parameters = [*model.gru.parameters(), *model.head.parameters(), *model.direct.parameters()]
    steps = -(-len(starts) // BATCH)
    optimizer = torch.optim.AdamW(parameters, RATE, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=epochs * steps)
    mean = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(MEMORY)
    )
    best, kept = None, None

    def errors(taken, of=model):
        return rounded_error((of.members(*taken[:2])[0] - taken[2]) / usual)

    def watch(taken):
        return errors(taken, mean.module)

    for epoch in range(epochs):
        total = 0.0
        model.train()
        for part in starts[torch.randperm(len(starts))].split(BATCH):
            loss = errors(series.take(part)).mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            schedule.step()
            mean.update_parameters(model)
            total += loss.item() * len(part)
        mean.eval()
        found = in_parts(watch, series, watched).mean().item()
        better = best is None or found < best
        if better:
            best, kept = found, {k: v.clone() for k, v in mean.module.state_dict().items()}
        print(
            f"epoch {epoch + 1}/{epochs}: loss {total / len(starts):.4f}, "
            f"watched {found:.4f}{' (best)' if better else ''}",
            flush=True,
        )
    model.load_state_dict(kept)
    model.eval()


def fit_weights(model: Ensemble, series: Series, watched, usual) -> None:
    """The combiner: weights of the same error, members held."""
    members = [in_parts(lambda t, i=i: model.members(*t[:2])[i], series, watched) for i in range(3)]
    come = in_parts(lambda t: t[2], series, watched)
    optimizer = torch.optim.LBFGS([model.weights], max_iter=200, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        answer = sum(w * member for w, member in zip(model.weights, members))
        # near 1 in sum, and near the hours beside: a forecast has no jumps
        sums = (model.weights.sum(0) - 1).square().mean()
        jumps = model.weights.diff(dim=1).square().mean()
        loss = rounded_error((answer - come) / usual).mean() + 0.1 * sums + 10 * jumps
        loss.backward()
        return loss

    optimizer.step(closure)


def export(model: Ensemble, path: Path, series: Series) -> None:
    model.eval()
    windows, hours, _ = series.take(torch.tensor([WINDOW, WINDOW + 1]))
    batch = torch.export.Dim("batch")
    torch.onnx.export(
        model, (windows, hours), path, dynamic_shapes=({0: batch}, {0: batch}), dynamo=True,
        input_names=["discharge", "hour"], output_names=["forecast"], external_data=False,
        verbose=False,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    data = os.environ.get("MOTE_DATA")
    if not data:
        sys.exit("MOTE_DATA: expected the folder that has river/dranse_hourly.csv in it")
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)  # sums must not depend on how many cores there are

    series = Series(Path(data) / "river" / "dranse_hourly.csv")
    train = series.starts(0, series.place(TRAIN_TO))
    watched = series.starts(series.place(TRAIN_TO), series.place(HELD_OUT), 3)
    held_out = series.starts(series.place(HELD_OUT), len(series.values), 1)
    usual = in_parts(lambda t: (t[2] - t[0][:, -1:]).abs(), series, train).mean(0)

    model = Ensemble()
    fit_linear(model, series, train)
    fit_recurrent(model, series, train, watched, usual, args.epochs)
    fit_weights(model, series, watched, usual)
    args.folder.mkdir(parents=True, exist_ok=True)
    export(model, args.folder / "model.onnx", series)
    windows, hours, come = (t.numpy() for t in series.take(held_out))
    np.savez(args.folder / "held_out.npz", discharge=windows, hour=hours, came=come)
    print(f"wrote {args.folder / 'model.onnx'} and {args.folder / 'held_out.npz'}")


if __name__ == "__main__":
    main()
