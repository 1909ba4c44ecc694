"""The talk with a box begins where its login shell has said all it had to say."""

from __future__ import annotations

import pytest

from lossmon.logs import bootstrap, wire
from lossmon.logs.link import AgentTalk, begin_of_talk


@pytest.mark.parametrize("noise", [b"", b"Welcome to Ubuntu\r\n", b"\x00\xff" * 40, b"\n"])
@pytest.mark.parametrize("rest", [b"", b"x", b"the first frame" * 9])
def test_what_follows_the_mark_is_said_by_the_agent_or_by_a_plain_shell(
    noise: bytes, rest: bytes
) -> None:
    found = begin_of_talk(bytearray(noise + wire.MAGIC + rest))
    assert found == (AgentTalk, rest)
    plain = begin_of_talk(noise + bootstrap.PLAIN + rest)
    assert plain is not None
    assert plain[0] is not AgentTalk
    assert plain[1] == rest


@pytest.mark.parametrize("noise", [b"", b"Last login: Mon", wire.MAGIC[:-1], bootstrap.PLAIN[1:]])
def test_before_it_nobody_speaks(noise: bytes) -> None:
    assert begin_of_talk(noise) is None


def test_a_mark_within_what_is_said_is_no_second_beginning() -> None:
    assert begin_of_talk(wire.MAGIC + b"a" + wire.MAGIC) == (AgentTalk, b"a" + wire.MAGIC)
