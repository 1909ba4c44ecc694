"""What stops a link is told in the language in use, wherever it is known what it means."""

from __future__ import annotations

import pytest

from lossmon.logs import openssh
from lossmon.logs.clients import failures
from lossmon.words import words

TEMPLATES = [
    *(meaning[2] for meaning in openssh._MEANINGS),
    *(meaning[2] for table in failures._TABLES.values() for meaning in table),
]


@pytest.mark.parametrize("template", dict.fromkeys(TEMPLATES))
def test_each_meaning_is_told_in_chinese(template: str) -> None:
    told = words("zh").table.get(template, "")
    assert any("\u4e00" <= sign <= "\u9fff" for sign in told)


def test_a_reason_keeps_what_it_was_made_of() -> None:
    failure = failures.explain("docker", "Error: No such container: train", 1)
    assert words("zh").say(failure.reason).startswith("没有这个名字的容器")


def test_what_kubectl_makes_of_its_tries_is_told() -> None:
    tries = 'E1129 12:08:29.6 24686 memcache.go:265] "Unhandled Error" err="dial tcp: refused"\n'
    failure = failures.explain("kubectl", 5 * tries + "The server was refused - right port?\n", 1)
    assert failure.reason == "the cluster does not answer (The server was refused - right port?)"
