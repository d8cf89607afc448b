"""Events that nobody waits for: invocations of type Event, and those of --tick."""

import json
import re
import time

from emulator import ID, INVOKE, fake, wait_for
from fake_runtime import Http


def test_event_is_answered_at_once(emulator):
    one = emulator("--max-invocations", "1")
    begin = time.monotonic()
    answer = one.invoke({"ms": 300, "print": ["ran\n"]}, X_Amz_Invocation_Type="Event")
    assert (answer.status, answer.body) == (202, b"")
    assert time.monotonic() - begin < 0.3
    assert one.process.wait(10) == 0
    assert "\nran\n" in one.log()
    assert answer.headers["x-amzn-requestid"] in one.log()


def test_failed_event_is_retried_twice(emulator):
    one = emulator()
    answer = one.invoke(
        {"do": "error", "value": {}, "print": ["try\n"]}, X_Amz_Invocation_Type="Event"
    )
    wait_for(lambda: len(one.lines("END")) == 3)
    time.sleep(0.5)
    starts = one.lines("START")
    assert len(starts) == 3
    assert all(answer.headers["x-amzn-requestid"] in line for line in starts)


def test_retry_has_a_fresh_nonce_and_can_succeed(stage):
    one = stage("--max-invocations", "2")
    answer = one.emulator.invoke(X_Amz_Invocation_Type="Event")
    api = one.api()
    seen = []
    for finish in (api.fail, api.respond):
        event = api.next()
        seen.append((event.request_id, event.headers["lambda-runtime-invocation-id"]))
        assert finish(seen[-1][0]).status == 202
    assert seen[0][0] == seen[1][0] == answer.headers["x-amzn-requestid"]
    assert seen[0][1] != seen[1][1]
    assert one.emulator.process.wait(10) == 0


def test_events_wait_for_a_free_process(emulator):
    one = emulator("--concurrency", "1", "--max-invocations", "6")
    for n in range(6):
        assert one.invoke({"n": n, "ms": 30}, X_Amz_Invocation_Type="Event").status == 202
    assert one.process.wait(10) == 0
    assert len(set(one.lines("START"))) == 6


def test_queue_is_bounded(stage):
    one = stage("--concurrency", "1")
    with Http(one.emulator.front) as http:
        statuses = [
            http.call("POST", INVOKE, b"{}", {"X-Amz-Invocation-Type": "Event"}).status
            for _ in range(260)
        ]
    assert statuses[:257] == [202] * 257  # one runs, 256 wait
    assert statuses[257:] == [429] * 3


def test_tick(emulator):
    one = emulator(
        "--tick",
        "200ms",
        "--max-invocations",
        "3",
        "--region",
        "eu-north-1",
        command=fake("log", "{}"),
    )
    begin = time.monotonic()
    assert one.process.wait(10) == 0
    assert 0.35 < time.monotonic() - begin < 3
    events = [json.loads(line.split(" ", 2)[2]) for line in one.lines("EVENT")]
    assert len(events) == 3
    for n, event in enumerate(events):
        assert ID.fullmatch(event.pop("id"))
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event.pop("time"))
        assert event == {
            "version": "0",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "123456789012",
            "region": "eu-north-1",
            "detail": {"tick": n + 1},
            "resources": ["arn:aws:events:eu-north-1:123456789012:rule/emulator-tick"],
        }
