"""The command line: its verbs are in verbs/, a module each."""

import argparse
import json
import sys

from mote import VERSION
from mote.errors import Refusal, Usage
from mote.verbs import MODULES
from mote.verbs.common import EPILOG

DESCRIPTION = """
Compiles trained models to .mote files, shows them, checks them, and runs them.

From a trained model to a running function:

  mote inspect churn.skops          what it would become, before anything is made
  mote init churn --from churn.skops    models/churn: model.toml, samples, a card
  mote compile models/churn         models/churn/churn.mote, verified
  mote report models/churn          one HTML page about it
  mote invoke churn -d '[1, 2, 3]'  one answer
  mote package churn --arch arm64   function.zip, for Lambda

`mote VERB --help` has an example of each.
"""


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="mote",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("--version", action="version", version=f"mote {VERSION}")
    verbs = p.add_subparsers(dest="verb", metavar="VERB", required=True)
    for module in MODULES:
        module.add(verbs)
    return p


def main(arguments: list[str] | None = None) -> int:
    args = parser().parse_args(arguments)
    try:
        return args.run(args)
    except (Refusal, Usage) as e:
        status = 1 if isinstance(e, Refusal) else 2
        print(f"mote {args.verb}: {e}", file=sys.stderr)
        if args.json:
            print(json.dumps({"error": str(e), "status": status}, ensure_ascii=False))
        return status
    except BrokenPipeError:
        return 1
