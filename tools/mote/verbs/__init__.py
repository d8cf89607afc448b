"""The verbs of the command line, a module each. One has

    add(verbs)   puts the verb's parser into argparse's sub-parsers
    run(args)    does it; gives the exit status, or raises Refusal or Usage

What needs a library of a trainer is imported when it is needed: `mote --help`
and `mote inspect model.mote` work without any.
"""

from mote.verbs import compile, init, inspect, project, report, verify

MODULES = (init, inspect, compile, verify, report, project)
