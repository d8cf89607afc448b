"""The engine's tokenizer beside the package `tokenizers`, on one core.

    python tools/bench/tokenizer.py BENCH TOKENIZER.json FOLDER SECONDS

BENCH is tools/bench/tokenizer.c, built. The text is the prose of Python's own
reference, which every Python has (pydoc_data.topics, lines that are not set
off). The package is called as its users call it: a sentence by
Tokenizer.encode, the text by encode_batch of 64 lines at a time, the best times of
which are added up. Writes FOLDER/tokenizer.json.
"""

import json
import os
import pydoc_data.topics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

SENTENCE = "The movie was surprisingly good, and the ending made everyone cry."


def prose() -> list[str]:
    lines = "\n".join(pydoc_data.topics.topics.values()).split("\n")
    return [line for line in lines if len(line) > 40 and line[0].isalpha()]


def ours(bench: str, section: bytes, text: str, folder: Path, seconds: str) -> dict[str, float]:
    (folder / "tokenizer.text").write_bytes(section)
    (folder / "tokenizer.txt").write_text(text)
    command = [bench, folder / "tokenizer.text", folder / "tokenizer.txt", SENTENCE, seconds]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {name: float(value) for name, value in (line.split() for line in out.splitlines())}


def best(calls: list, seconds: float) -> float:
    """Seconds of all calls, each at its fastest of some rounds."""
    times, end = [], time.perf_counter() + seconds
    while len(times) < 5 or time.perf_counter() < end:
        times.append([took(call) for call in calls])
    return sum(map(min, zip(*times, strict=True)))


def took(call) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def main(bench: str, tokenizer: str, folder: str, seconds: str) -> int:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    import tokenizers

    from mote.tokenizer import read_tokenizer

    package = tokenizers.Tokenizer.from_file(tokenizer)
    package.no_truncation()
    package.no_padding()
    lines = prose()
    text = "\n".join(lines)
    result = ours(bench, read_tokenizer(Path(tokenizer)).section(), text, Path(folder), seconds)
    ids = sum(len(e.ids) - 2 for e in package.encode_batch(lines))
    if ids != result["text_ids"]:
        print(f"the package finds {ids} ids, the engine {result['text_ids']:.0f}", file=sys.stderr)
        return 1
    sentence = best([lambda: package.encode(SENTENCE)], float(seconds))
    some = [lines[i : i + 64] for i in range(0, len(lines), 64)]
    whole = best([partial(package.encode_batch, part) for part in some], float(seconds))
    result |= {
        "package": f"tokenizers {tokenizers.__version__}",
        "package_mb_s": round(len(text.encode()) / whole / 1e6, 1),
        "package_sentence_ns": round(sentence * 1e9, 1),
        "sentence_ratio": round(sentence * 1e9 / result["sentence_ns"], 1),
    }
    (Path(folder) / "tokenizer.json").write_text(json.dumps(result, indent=1) + "\n")
    print(
        f"text      {result['mb_s']:8.1f} MB/s   {result['package']} {result['package_mb_s']} MB/s"
    )
    print(
        f"sentence  {result['sentence_ns']:8.1f} ns     {result['package_sentence_ns']} ns, "
        f"{result['sentence_ratio']} x"
    )
    print(
        f"open      {result['open_ns']:8.1f} ns     section of {result['section_bytes']:.0f} bytes"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
