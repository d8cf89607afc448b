"""net/dns.h against name servers that answer well, late, wrongly or not at
all."""

import os
import socket

import pytest
from outside import Client, Dns, dns_address, dns_alias, dns_name, dns_record, within

QUESTION = b"\xc0\x0c"  # a pointer to the question's name
ONE, SIX = "192.0.2.1", "2001:db8::7"
HEX = {ONE: "c0000201", SIX: "20010db8" + "0" * 23 + "7"}


def resolve(tmp_path, server, host="river.test", seconds=10):
    with Client(tmp_path, MOTE_DNS=server) as client:
        client.say("seconds", seconds)
        return client.say("resolve", host)


def honest(question):
    return [question.answer(dns_address(QUESTION, ONE))] if question.type == 1 else []


def test_an_address(tmp_path):
    with Dns(honest) as dns:
        result = resolve(tmp_path, dns.server)
    assert (result["status"], result["addresses"]) == ("MOTE_OK", [HEX[ONE]])
    assert [q.name for q in dns.questions] == ["river.test"]  # no search list
    assert dns.questions[0].flags == 0x0100  # a query that wants recursion


def test_ipv6_when_there_is_no_ipv4(tmp_path):
    def reply(q):
        return [q.answer(dns_address(QUESTION, SIX)) if q.type == 28 else q.answer()]

    with Dns(reply) as dns:
        result = resolve(tmp_path, dns.server)
    assert result["addresses"] == [HEX[SIX]]
    assert [q.type for q in dns.questions] == [1, 28]


def test_ids_and_ports_are_fresh(tmp_path):
    with Dns(honest) as dns, Client(tmp_path, MOTE_DNS=dns.server) as client:
        for _ in range(40):
            assert client.say("resolve", "river.test")["status"] == "MOTE_OK"
    assert len({q.id for q in dns.questions}) > 30
    assert len(set(dns.ports)) > 30


def test_aliases_in_one_answer_and_over_several(tmp_path):
    chain = {"a.test": "b.test", "b.test": "c.test", "c.test": "d.test"}

    def reply(q):
        if q.name == "a.test":  # two links at once, in the wrong order
            return [
                q.answer(dns_alias(dns_name("b.test"), "c.test"), dns_alias(QUESTION, "b.test"))
            ]
        if q.name in chain:
            return [q.answer(dns_alias(QUESTION, chain[q.name]))]
        return [q.answer(dns_address(QUESTION, ONE))]

    with Dns(reply) as dns:
        result = resolve(tmp_path, dns.server, "a.test")
    assert result["addresses"] == [HEX[ONE]]
    assert [q.name for q in dns.questions] == ["a.test", "c.test", "d.test"]


@pytest.mark.parametrize(
    "next_name", [lambda n: n, lambda n: "b.test" if n == "a.test" else "a.test", lambda n: "x" + n]
)
def test_aliases_without_end(tmp_path, next_name):
    with Dns(lambda q: [q.answer(dns_alias(QUESTION, next_name(q.name)))]) as dns, within(4):
        result = resolve(tmp_path, dns.server, "a.test", 2)
    assert result["status"] in ("MOTE_E_FORMAT", "MOTE_E_TIMEOUT") and not result["addresses"]
    assert len(dns.questions) <= 10


def test_no_such_name_is_final(tmp_path):
    with Dns(lambda q: [q.answer(flags=0x8183)]) as dns:
        result = resolve(tmp_path, dns.server)
    assert (result["status"], result["dns_code"]) == ("MOTE_E_REFUSED", 3)
    assert len(dns.questions) == 1


def test_no_address_at_all(tmp_path):
    with Dns(lambda q: [q.answer()]) as dns:
        result = resolve(tmp_path, dns.server)
    assert (result["status"], result["dns_code"]) == ("MOTE_E_REFUSED", 0)


@pytest.mark.parametrize("code", [1, 2, 4, 5])
def test_a_server_s_own_failure_is_asked_again(tmp_path, code):
    def reply(q):
        return honest(q) if len(dns.questions) == 3 else [q.answer(flags=0x8180 | code)]

    with Dns(reply) as dns:
        assert resolve(tmp_path, dns.server)["addresses"] == [HEX[ONE]]
    with Dns(lambda q: [q.answer(flags=0x8180 | code)]) as dns:
        result = resolve(tmp_path, dns.server)
    assert (result["status"], result["dns_code"]) == ("MOTE_E_REFUSED", code)


def test_a_lost_datagram_is_asked_for_again(tmp_path):
    def reply(q):
        return honest(q) if len(dns.questions) > 1 else []

    with Dns(reply) as dns, within(4):
        assert resolve(tmp_path, dns.server)["addresses"] == [HEX[ONE]]
    assert dns.questions[0].id != dns.questions[1].id and dns.ports[0] != dns.ports[1]


def test_silence_ends_at_the_deadline(tmp_path):
    with Dns(lambda q: []) as dns, within(3):
        assert resolve(tmp_path, dns.server, seconds=2)["status"] == "MOTE_E_TIMEOUT"


def test_nobody_there_is_noticed_at_once(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    with within(1):
        assert resolve(tmp_path, f"127.0.0.1:{port}")["status"] == "MOTE_E_CLOSED"


def test_answers_of_others_are_passed_over(tmp_path):
    """Wrong id, wrong name, wrong type, a question, noise: and then the right
    one. An attacker's address is in none of the results."""
    bad = dns_address(QUESTION, "203.0.113.66")

    def reply(q):
        wrong_id, wrong_name = bytearray(q.answer(bad)), bytearray(q.answer(bad))
        wrong_id[0] ^= 0x55
        wrong_name[13] ^= 1
        wrong_type = q.answer(bad).replace(b"test\0\0\1", b"test\0\0\x1c", 1)
        return [
            bytes(wrong_id),
            bytes(wrong_name),
            wrong_type,
            q.wire,
            b"",
            b"\0" * 12,
            os.urandom(300),
            q.answer(bad, flags=0x0180),
            *honest(q),
        ]

    with Dns(reply) as dns:
        assert resolve(tmp_path, dns.server)["addresses"] == [HEX[ONE]]


def test_a_forged_answer_from_elsewhere_does_not_arrive(tmp_path):
    """The socket takes datagrams of the server alone."""

    def reply(q):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.sendto(
                q.answer(dns_address(QUESTION, "203.0.113.66")), ("127.0.0.1", dns.ports[-1])
            )
        return honest(q)

    with Dns(reply) as dns:
        assert resolve(tmp_path, dns.server)["addresses"] == [HEX[ONE]]


def hostile():
    loop = b"\xc0\x1c"  # points to itself: right behind the question
    yield "an owner that is its own pointer", [loop + b"\0\1\0\1\0\0\0\0\0\4abcd"]
    yield "an alias that is its own pointer", [dns_record(QUESTION, 5, b"\xc0\x28")]
    yield "a pointer out of the packet", [b"\xff\xff\0\1\0\1\0\0\0\0\0\4abcd"]
    yield "data longer than the packet", [QUESTION + b"\0\1\0\1\0\0\0\0\xff\xffabcd"]
    yield "an address of three bytes", [dns_record(QUESTION, 1, b"abc")]
    yield "a label that never ends", [b"\x3f" + b"x" * 30]
    yield "an alias of nothing", [dns_record(QUESTION, 5, b"")]
    yield "fewer records than it says", [b""]


@pytest.mark.parametrize("records", [pytest.param(r, id=n) for n, r in hostile()])
def test_hostile_records(tmp_path, records):
    with Dns(lambda q: [q.answer(*records)]) as dns, within(3):
        result = resolve(tmp_path, dns.server, seconds=1)
    assert result["status"] == "MOTE_E_TIMEOUT" and not result["addresses"]


def test_every_cut_of_an_answer_waits_for_a_whole_one(tmp_path):
    def reply(q):
        whole = q.answer(dns_alias(QUESTION, "b.test"), dns_address(dns_name("b.test"), ONE))
        return [whole[:n] for n in range(len(whole))] + [whole]

    with Dns(reply) as dns:
        assert resolve(tmp_path, dns.server)["addresses"] == [HEX[ONE]]
    assert len(dns.questions) == 1


def test_a_long_answer_comes_over_tcp(tmp_path):
    def reply(q):
        if not q.tcp:
            return [q.answer(flags=0x8380)]
        return [
            q.answer(
                *[dns_record(QUESTION, 16, b"\x40" + b"x" * 64)] * 30, dns_address(QUESTION, ONE)
            )
        ]

    with Dns(reply) as dns:
        assert resolve(tmp_path, dns.server)["addresses"] == [HEX[ONE]]
    assert [q.tcp for q in dns.questions] == [False, True]


@pytest.mark.parametrize(
    "spoil",
    [lambda a: a[:-1], lambda a: b"", lambda a: b"x" * 5000, lambda a: a[:2] + b"\x83\x80" + a[4:]],
)
def test_tcp_that_fails(tmp_path, spoil):
    def reply(q):
        return [spoil(q.answer(dns_address(QUESTION, ONE))) if q.tcp else q.answer(flags=0x8380)]

    with Dns(reply) as dns, within(4):
        result = resolve(tmp_path, dns.server, seconds=2)
    assert result["status"] != "MOTE_OK" and not result["addresses"]


def test_hosts_that_need_no_server(tmp_path):
    with Dns(honest) as dns, Client(tmp_path, MOTE_DNS=dns.server) as client:
        for host, address in {"localhost": "7f000001", "192.0.2.9": "c0000209"}.items():
            assert client.say("resolve", host)["addresses"] == [address]
        assert client.say("resolve", "not a host")["status"] == "MOTE_E_FORMAT"
    assert not dns.questions


@pytest.mark.parametrize("setting", ["nonsense", "127.0.0.1:0", "127.0.0.1:99999", "[::1"])
def test_a_setting_that_is_none(tmp_path, setting):
    client = Client(tmp_path, MOTE_DNS=setting)
    assert client.process.wait(10) == 2
