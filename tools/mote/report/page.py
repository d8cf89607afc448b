"""The object of gather.py as one HTML page: no script, nothing from outside,
readable on a phone, light or dark. Every number is a <data> element that holds
it in full."""

from html import escape

from mote.inspect import runs
from mote.report import card, pictures

STYLE = """
:root{--back:#fff;--ink:#1b1f24;--dim:#59636e;--line:#d5dbe1;--good:#1a7f37;--bad:#c6262e;
--a:#9cc3f5;--b:#a9dcb0;--c:#f5d08a;--d:#dab8f0;--e:#f3b0ab;--f:#b5d9dd}
@media(prefers-color-scheme:dark){:root{--back:#14181d;--ink:#e4e8ec;--dim:#98a2ad;
--line:#343b43;--good:#57c270;--bad:#ff7b72;
--a:#2c5485;--b:#2d6338;--c:#74571a;--d:#5d3b78;--e:#7a3732;--f:#2d5f64}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:1rem;background:var(--back);color:var(--ink);
font:16px/1.5 system-ui,sans-serif;overflow-wrap:break-word}
h1{margin:.2rem 0}h2{margin:2.2rem 0 .6rem;border-bottom:1px solid var(--line)}
p,ul{max-width:46rem}.dim{color:var(--dim)}
nav a{display:inline-block;margin:0 .9rem .3rem 0}a{color:inherit}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem;margin:.5rem 0}
th,td{text-align:left;vertical-align:top;padding:.25rem .9rem .25rem 0;
border-bottom:1px solid var(--line)}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}
td.reason{min-width:16rem}
code,pre,.mono{font-family:ui-monospace,monospace;font-size:.9em}
pre{overflow-x:auto;border:1px solid var(--line);padding:.6rem}
.good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}
.model{border-left:4px solid var(--c);padding-left:.8rem}
svg{width:100%;height:auto;min-width:32rem;display:block}
svg text{font:12px ui-monospace,monospace;fill:var(--ink)}
.c0{fill:var(--a)}.c1{fill:var(--b)}.c2{fill:var(--c)}.c3{fill:var(--d)}.c4{fill:var(--e)}
.c5{fill:var(--f)}.value{fill-opacity:.8;stroke:var(--back)}
.axis{stroke:var(--dim)}.grid{stroke:var(--line)}.limit{stroke:var(--bad);stroke-width:3}
"""


MEASURES = ("spawn_to_next_ms", "spawn_to_first_reply_ms")  # as tools/bench/coldstart.c has them


def page(report: dict) -> str:
    about = report["model"]
    title = f"{about['name']} {about['version']}"
    links = "".join(f'<a href="#{key}">{name}</a>' for key, (name, _) in SECTIONS.items())
    parts = "".join(
        f'<section id="{key}"><h2>{name}</h2>{write(report)}</section>\n'
        for key, (name, write) in SECTIONS.items()
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n"
        f"<body><header><h1>{escape(title)}</h1>"
        f"<p>{escape(about['description'] or 'no description: model.description is not set')}</p>"
        f"<nav>{links}</nav></header>\n<main>{parts}</main></body></html>\n"
    )


# --------------------------------------------------------------------- pieces


def number(value) -> str:
    """As people read it, with the whole of it inside; none is a dash."""
    if value is None:
        return '<span class="dim">none</span>'
    if isinstance(value, bool) or not isinstance(value, int | float):
        return escape(str(value))
    shown = f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
    return f'<data value="{value!r}">{shown}</data>'


def table(head: list[str], rows: list[list], numbers: set[int], mono: set[int] = frozenset()):
    """Cells are HTML already, but for those of the columns in `numbers`."""

    def cell(i: int, x) -> str:
        if i in numbers:
            return f'<td class="number">{number(x)}</td>'
        kind = ' class="mono"' if i in mono else ' class="reason"' if head[i] == "why" else ""
        return f"<td{kind}>{x}</td>"

    top = "".join(
        f'<th class="number">{h}</th>' if i in numbers else f"<th>{h}</th>"
        for i, h in enumerate(head)
    )
    body = "".join("<tr>" + "".join(cell(i, x) for i, x in enumerate(r)) + "</tr>" for r in rows)
    return f'<div class="wide"><table><tr>{top}</tr>{body}</table></div>'


def pairs(rows: list[tuple]) -> str:
    """Names and values; text values are escaped here."""
    body = "".join(
        f"<tr><th>{escape(k)}</th><td>{number(v)}</td></tr>" for k, v in rows if v is not None
    )
    return f'<div class="wide"><table>{body}</table></div>'


def picture(svg: str) -> str:
    return f'<div class="wide">{svg}</div>' if svg else ""


# ------------------------------------------------------------------- sections


def section_card(report: dict) -> str:
    about = report["model"]
    head = pairs(
        [
            ("file", about["file"]),
            ("bytes", about["bytes"]),
            ("content hash", about["hash"]),
            ("trainer", about["trainer"]),
            ("precision", about["precision"]),
            ("weights", about["weights"]),
        ]
    )
    if not about["card"]:
        return head + '<p class="dim">no card: the model\'s folder has no README.md</p>'
    return head + card.as_html(about["card"])


def section_input(report: dict) -> str:
    plain = ("name", "kind", "dtype", "may_be_missing", "value", "column")
    rows, given = [], report["input"]["features"]
    columns = report["series"]["columns"] if report["series"] else []
    windows = [(c["first"], c["window"]) for c in columns]
    for i, name in runs([f["name"] for f in given], windows):
        f = given[i]
        more = [
            f"{key}: {', '.join(map(str, v)) if isinstance(v, list) else v}"
            for key, v in f.items()
            if key not in plain and v not in (None, False, [])
        ]
        missing = "may be missing" if f["may_be_missing"] else "required"
        rows.append([i, escape(name), f["kind"], f["dtype"], missing, escape("; ".join(more))])
    most = ", ".join(f"{s['name']} at most {s['maximum']}" for s in report["input"]["symbols"])
    return (
        table(["", "feature", "kind", "type", "", ""], rows, {0})
        + f'<p class="dim">at once: {escape(most)}; a longer batch runs in slices</p>'
    )


def section_output(report: dict) -> str:
    out = report["output"]
    of = "classes" if out["kind"] == "class" else "numbers"
    rows = [[i, escape(name)] for i, name in enumerate(out["names"])]
    head = pairs([("kind", out["kind"]), ("scores", out["scores"]), ("reply", out["style"])])
    if not rows:
        return head + f"<p>a vector of {out['count']} numbers</p>"
    return head + table(["", of], rows, {0})


def section_series(report: dict) -> str:
    s = report["series"]
    features = report["input"]["features"]
    if s is None:
        names = [f["name"] for f in features]
        return "<p>none: a row is asked for, not observations in time</p>" + "".join(
            job(j, names, [], "rows") for j in report["jobs"]
        )
    time = None if s["time"] is None else features[s["time"]]["name"]
    keys = ("first", "window", "ahead")
    columns = [[escape(c["name"]), *(c[k] for k in keys), c["resample"]] for c in s["columns"]]
    forecasts = [[escape(f["name"]), f["first"], f["steps"]] for f in s["forecasts"]]
    head = [
        ("step, s", s["step"]),
        ("steps begin at, s from 1970", s["offset"]),
        ("gaps that are filled, steps at most", s["gap"]),
        ("when the forecast begins is feature", time),
        ("in units of, s", None if time is None else s["unit"]),
    ]
    return (
        pairs(head)
        + table(["column", "from feature", "steps", "of them ahead", ""], columns, {1, 2, 3})
        + table(["forecast", "from number", "steps"], forecasts, {1, 2})
        + "".join(
            job(j, [c["name"] for c in s["columns"]], [f["name"] for f in s["forecasts"]], "series")
            for j in report["jobs"]
        )
    )


def job(j: dict, columns: list[str], forecasts: list[str], member: str) -> str:
    """columns, forecasts: the model's own; member: of an event that brings them along."""
    taken = [f"{c} from {name}" for c, name in zip(columns, j["columns"], strict=True)]
    if j["time"] is not None:
        taken.insert(0, f"time from {j['time']}")
    given = [f"{f} as {name}" for f, name in zip(forecasts, j["forecasts"], strict=True)]
    if j["observed"] is not None:
        observed = columns[j["observed"]]
        given.insert(0, f"{j['history']} steps of {observed} as {j['observed_name']}")
    head = [
        ("source", j["source"] or f"the event's {member}"),
        ("format", j["format"]),
        ("path in it", ", ".join(j["path"]) or None),
        ("reads", ", ".join(taken)),
        ("sink", j["sink"]),
        ("gives", ", ".join(given) or "an array of replies"),
        ("failure", j["failure"]),
    ]
    targets = [[escape(t["id"]), escape(t["name"]), escape(t["model"] or "")] for t in j["targets"]]
    return (
        f"<h3>Job {escape(j['name'])}</h3>"
        + pairs(head)
        + table(["target", "name", "model of its own"], targets, set(), {0, 2})
    )


def section_verification(report: dict) -> str:
    v = report["verification"]
    if v["source"] is None:
        return (
            "<p>not verified: the file says nothing of it, and its trainer's file is not here</p>"
        )
    if v["source"] != "this run":
        return (
            "<p>as the file's provenance has it: the trainer's file is not here, so nothing "
            "was compared now</p>" + pairs([(k, x) for k, x in v.items() if k != "source"])
        )
    verdict = '<p class="good">passed</p>' if v["passed"] else '<p class="bad">failed</p>'
    failures = "".join(f'<p class="bad">{escape(f)}</p>' for f in v["failures"])
    limits, percentiles = v["limits"], v["percentiles"]
    rows = [
        ["largest error", v["max_error"], limits["max_error"]],
        ["error of all but 1 % of the rows", v["p99_error"], limits["p99_error"]],
    ]
    rows += [[f"error, percentile {p}", x, None] for p, x in percentiles.items() if p != "99"]
    if v["rank_correlation"] is not None:
        least = limits["min_rank_correlation"]
        rows.append(["rank correlation (Spearman), at least", v["rank_correlation"], least])
    if report["output"]["kind"] == "class":
        rows.append(["labels that differ", v["label_flips"], None])
        share = 1 - v["label_flips"] / v["rows"]
        rows.append(["share of labels that agree, at least", share, limits["min_labels"]])
        rows.append(["ties, which the order of additions decides", v["ties"], None])
    rows.append(["rows that overflow in the trainer", v["overflows"], None])
    bars = [(f"{p} %", x) for p, x in percentiles.items()] + [("largest", v["max_error"])]
    marks = {"99 %": limits["p99_error"], "largest": limits["max_error"]}
    worst = v["worst"]
    return (
        verdict + failures + f"<p>{number(v['rows'])} rows, {number(v['given'])} of them given and "
        f"{number(v['edges'])} edges; an error is |engine - trainer| of a score, relative to "
        "max(1, |trainer|)</p>"
        + table(["", "result", "limit"], rows, {1, 2})
        + picture(pictures.errors([b for b in bars if b[1] is not None], finite_only(marks)))
        + f"<p>The worst row ({escape(worst['origin'])}), off by {number(worst['error'])}: "
        f"the engine says {numbers(worst['engine'])}, the trainer {numbers(worst['trainer'])}</p>"
        + table(["feature", "value"], [[escape(k), x] for k, x in worst["row"].items()], {1})
    )


def finite_only(marks: dict) -> dict:
    return {k: v for k, v in marks.items() if v is not None}


def numbers(values: list) -> str:
    return ", ".join(number(v) for v in values)


def section_sizes(report: dict) -> str:
    s = report["sizes"]
    parts = [(p["part"], p["bytes"]) for p in s["parts"]]
    rows = [[escape(name), n, 100 * n / s["file"]] for name, n in parts]
    encodings = [
        [e["dtype"], e["layout"], e["encoding"], e["tensors"], e["bytes"]] for e in s["encodings"]
    ]
    return (
        picture(pictures.shares(parts, "bytes of the file by section"))
        + table(["section", "bytes", "%"], rows, {1, 2})
        + table(["type", "layout", "encoding", "tensors", "bytes"], encodings, {3, 4})
        + pairs(
            [
                ("file, bytes", s["file"]),
                ("executable with the model in it, bytes", s["executable"]),
                ("memory of a request, bytes", s["request_arena"]),
            ]
        )
    )


def section_operators(report: dict) -> str:
    rows = [
        [
            f"{o['plan']}.{o['number']}",
            escape(o["operator"]),
            escape(o["result"]),
            escape(o["precision"]),
            o["elements"],
            o["bytes"],
            escape(o["reason"]),
        ]
        for o in report["operators"]
    ]
    head = ["", "operator", "result", "computed in", "elements", "bytes", "why"]
    shown = table(head, rows, {4, 5}, {2})
    if report["kept_in_float32"]:
        kept = "".join(f"<li>{escape(why)}</li>" for why in report["kept_in_float32"])
        shown += f"<h3>Quantized in the file, computed in float32 here</h3><ul>{kept}</ul>"
    return shown


def section_tensors(report: dict) -> str:
    if not report["tensors"]:
        return "<p>none</p>"
    rows = [
        [
            t["tensor"],
            escape(f"{t['dtype']}[{','.join(map(str, t['dims']))}]"),
            t["bytes"],
            t["min"],
            t["max"],
            escape(", ".join(t["read_by"])),
        ]
        for t in report["tensors"]
    ]
    shown = table(["", "shape", "bytes", "least", "greatest", "read by"], rows, {0, 2, 3, 4}, {1})
    if not any(t["dtype"] == "s8" for t in report["tensors"]):
        return shown + "<p>No tensor is quantized.</p>"
    quantized = [(t, t["quantization"]) for t in report["tensors"] if t["quantization"]]
    if not quantized:
        return shown + (
            "<p>Errors of quantization are not known: they need the float weights in the "
            "trainer's file, which was not found, or int8 is what the trainer's file holds.</p>"
        )
    errors = [
        [
            t["tensor"],
            escape(q["source"]),
            q["max_error"],
            q["rms_error"],
            q["relative_error"],
            q["signal_to_noise_db"],
            q["worst_row"],
        ]
        for t, q in quantized
    ]
    head = ["", "weights", "largest error", "rms error", "rms, relative", "dB", "worst row"]
    return (
        shown
        + "<h3>int8 against the float weights</h3>"
        + table(head, errors, {0, 2, 3, 4, 5, 6})
        + '<p class="dim">dB: signal to noise, 20 log10 of rms weight over rms error</p>'
    )


def section_storage(report: dict) -> str:
    s = report["storage"]
    keys = ["bytes_before", "bytes_after", "ms_before", "ms_after"]
    head = ["bytes, raw", "as stored", "ms, raw", "as stored"]
    encodings = [
        [escape(e["encoding"]), e["tensors"], *(e[k] for k in keys)] for e in s["encodings"]
    ]
    encodings.append(
        ["all", sum(e["tensors"] for e in s["encodings"]), *(s["total"][k] for k in keys)]
    )
    tensors = [
        ["" if t["tensor"] is None else t["tensor"], escape(t["encoding"]), *(t[k] for k in keys)]
        for t in s["tensors"]
    ]
    constants = [(k.replace("_", " "), v) for k, v in s["constants"].items()]
    return (
        f'<p class="model">This is {escape(s["is"])}: tensors\' part of a cold start on '
        f"{escape(s['target'])}. CODES has the tables and checksums of coded tensors.</p>"
        + table(["encoding", "tensors", *head], encodings, {1, 2, 3, 4, 5})
        + profiles_of(s["profiles"])
        + table(["tensor", "encoding", *head], tensors, {0, 2, 3, 4, 5})
        + pairs(constants)
    )


def profiles_of(profiles: list[dict]) -> str:
    """What each profile costs and loses, as the compiler measured it."""
    if not profiles:
        return ""
    rows = [
        [
            escape(p["profile"]) + (", this file" if p["compiled"] else ""),
            escape(p["bits"]),
            p["bytes_raw"],
            p["bytes"],
            p["ms_raw"],
            p["ms"],
            p["verify_max_error"],
            p["verify_p99_error"],
            p.get("verify_cosine", p.get("verify_rank_correlation")),
            p["verify_label_flips"],
            p["verified_rows"],
            "yes" if p["passed"] else "no",
        ]
        for p in profiles
    ]
    head = ["profile", "bits", "bytes, raw", "as stored", "ms, raw", "as stored"]
    head += [
        "largest error",
        "99 % within",
        "cosine or rank correlation",
        "labels differ",
        "of rows",
    ]
    return (
        "<p>Profiles, as they were verified when the file was compiled; errors are at most "
        "these powers of two.</p>" + table([*head, "limits hold"], rows, set(range(2, 11)))
    )


def section_memory(report: dict) -> str:
    return "".join(memory_of(plan) for plan in report["memory"])


def memory_of(plan: dict) -> str:
    rows = [
        [
            f"v{v['value']}",
            escape(v["shape"]),
            v["offset"],
            v["bytes"],
            v["begin"],
            v["end"],
            escape(v["written_by"])
            + ("" if v["in_place_of"] is None else f", in place of v{v['in_place_of']}"),
        ]
        for v in plan["values"]
    ]
    head = ["", "shape", "offset", "bytes", "from step", "to step", "written by"]
    return (
        f"<h3>{escape(plan['plan'])}</h3><p>{number(plan['arena'])} bytes for "
        f"{number(len(plan['values']))} values; {number(plan['bound'])} of them are alive at once "
        "at the worst step, and no plan needs fewer. Steps go from left to right, offsets from "
        "top to bottom; where a step works in place, two values overlap in it.</p>"
        + picture(pictures.memory(plan))
        + f"<details><summary>as a table</summary>{table(head, rows, {2, 3, 4, 5}, {1})}</details>"
    )


def section_cold_start(report: dict) -> str:
    c = report["cold_start"]
    parts = [[escape(p["part"]), p["bytes"], p["pages"]] for p in c["parts"]]
    constants = [[k["name"].replace("_", " "), k["value"], k["source"]] for k in c["constants"]]
    return (
        f'<p class="model">This is {escape(c["is"])}.</p>'
        + table(["of the model's file", "bytes", "pages"], parts, {1, 2})
        + pairs(
            [
                ("bytes read up to the first reply, at most", c["bytes_read"]),
                ("of them looked up in, row by row", c["bytes_looked_up"]),
                ("pages of 4 KiB touched, at most", c["pages_touched"]),
                ("pages of the file", c["pages_of_file"]),
            ]
        )
        + image(c["image"])
        + measured(c["measured"])
        + table(["constant", "value", "source"], [[a, b, escape(s)] for a, b, s in constants], {1})
    )


def image(i: dict | None) -> str:
    if i is None:
        return (
            "<p>As a container image: not known, as no executable with this file in it was found; "
            "<code>make build</code> makes one.</p>"
        )
    rows = [
        ["all in the worker's own cache", i["all_local_ms"]],
        ["all in the zone's cache", i["all_zone_ms"]],
        ["all from S3, as after a push", i["all_origin_ms"]],
    ]
    return (
        f"<p>As a container image, an executable of {number(i['executable_bytes'])} bytes: "
        f"{number(i['chunks'])} chunks of 512 KiB, one after the other, without those of the "
        "file system itself:</p>" + table(["chunks", "ms"], rows, {1})
    )


def measured(m: dict | None) -> str:
    if m is None:
        return "<p>Not measured here: <code>mote bench</code> does it, without Lambda.</p>"
    rows = [
        [who, *(m[key][metric]["p50"] for metric in MEASURES)]
        for who, key in (("this function", "model"), ("a program that does nothing else", "floor"))
        if m[key]
    ]
    return (
        f"<p>Measured on this machine by <code>mote bench</code>, medians of {number(m['runs'])} "
        "starts, without Lambda:</p>"
        + table(["", "spawn to next, ms", "spawn to reply, ms"], rows, {1, 2})
    )


def section_provenance(report: dict) -> str:
    if not report["provenance"]:
        return "<p>none in the file</p>"
    shown = {k: v for k, v in report["provenance"].items() if k != "profiles"}
    return pairs(list(shown.items()))


SECTIONS = {
    "card": ("Model card", section_card),
    "input": ("Input", section_input),
    "output": ("Output", section_output),
    "series": ("Series and jobs", section_series),
    "verification": ("Verification", section_verification),
    "sizes": ("Sizes", section_sizes),
    "operators": ("Operators", section_operators),
    "tensors": ("Tensors", section_tensors),
    "storage": ("Storage", section_storage),
    "memory": ("Memory plan", section_memory),
    "cold_start": ("Cold start, estimated", section_cold_start),
    "provenance": ("Provenance", section_provenance),
}
