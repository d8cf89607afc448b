"""What all Python tests share: markers, and the closing line. Where the tools
are is in pytest.ini."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def pytest_collection_modifyitems(config, items):
    """`-m` decides; without it neither the long ones nor those of CI run."""
    if config.option.markexpr:
        return
    out = [i for i in items if i.get_closest_marker("long") or i.get_closest_marker("ci")]
    config.hook.pytest_deselected(items=out)
    items[:] = [i for i in items if i not in out]


def pytest_terminal_summary(terminalreporter):
    """A SKIP line with its reason for each skip, then the plain counts that
    test/run.sh adds up."""
    stats = terminalreporter.stats
    for report in stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        terminalreporter.write_line(f"SKIP {report.nodeid}: {reason.removeprefix('Skipped: ')}")
    passed = len(stats.get("passed", []))
    failed = len(stats.get("failed", [])) + len(stats.get("error", []))
    skipped = len(stats.get("skipped", []))
    terminalreporter.write_line(f"{passed} passed, {failed} failed, {skipped} skipped")
