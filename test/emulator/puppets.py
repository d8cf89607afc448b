"""Processes that do nothing: the test itself speaks to their Runtime API."""

from emulator import fake, wait_for
from fake_runtime import NEXT, Runtime

INVALID_ID = (400, "InvalidRequestID", "Invalid request ID")
TOO_LATE = (410, "InvokeTimeout", "Invoke timeout")
OTHER_ID = "00000000-0000-4000-8000-000000000000"


def forbidden(source, target):
    """What answers a request that the state does not allow."""
    return (
        403,
        "InvalidStateTransition",
        f"State transition from {source} to {target} failed for runtime. "
        "Error: State transition is not allowed",
    )


def error_answer(answer):
    """Status, type and message of a refusal."""
    got = answer.json()
    assert sorted(got) == ["errorMessage", "errorType"], got
    assert answer.headers["content-type"] == "application/json", answer.headers
    assert answer.body.endswith(b"\n"), answer.body
    return answer.status, got["errorType"], got["errorMessage"]


class Stage:
    """An emulator whose processes are puppets."""

    def __init__(self, tmp, emulator, *options):
        self.file = tmp / "puppets"
        self.emulator = emulator(*options, command=fake("puppet", str(self.file)))
        self.apis = []

    def puppets(self):
        text = self.file.read_text() if self.file.exists() else ""
        return [line.split() for line in text.splitlines()]

    def puppet(self, n=0):
        """Address and pid of the n-th process, once it has started."""
        address, pid = wait_for(lambda: self.puppets()[n : n + 1])[0]
        return address, int(pid)

    def api(self, n=0):
        """A new connection to the n-th process's Runtime API."""
        self.apis.append(Runtime(self.puppet(n)[0]))
        return self.apis[-1]

    def begin(self, event=b'{"a":1}', **headers):
        """A call that waits, the API, and the event that came out of it with its id."""
        call = self.emulator.later(event, **headers)
        api = self.api()
        got = api.next()
        return call, api, got, got.request_id

    def ready(self):
        """The API of a process that asks for its second event, and the id of its first."""
        call, api, _, request_id = self.begin()
        api.respond(request_id)
        call.result(10)
        api.request("GET", NEXT)
        return api, request_id
