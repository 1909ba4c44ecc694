"""What nobody else may see: passwords and keys, told by a name beside them or by how they look.

One rule for settings (which are left out) and for what is kept of a log's text (in which the secret
alone is left out): a page of `lossmon report` goes into an issue, a notice to a phone, and the last
line of a failed run may be `401 for https://user:password@host`.
"""

from __future__ import annotations

import re

HIDDEN = "***"
_LOOKED_AT = 4000  # characters of a text

_STRONG = (  # whatever stands behind such a name
    r"passw(?:or)?d|passphrase|secret|credential|api[-_]?key|access[-_]?key|private[-_]?key"
    r"|auth[-_]?token|access[-_]?token|hub[-_]?token|bearer|dsn|webhook|cookie|authori[sz]ation"
)
_NAME = re.compile(rf"(?i){_STRONG}|(?:^|_)(?:token|pwd|auth)$")
_KEY = (  # as those who hand keys out make them
    r"(?:hf_|sk-|ghp_|gho_|github_pat_|glpat-|xox[abpr]-|AKIA|ya29\.|eyJ)[A-Za-z0-9_\-.]{12,}"
)
_VALUE = re.compile(
    rf"{_KEY}|://[^/\s:@]*:[^/\s@]+@|-----BEGIN|(?i:bearer) [A-Za-z0-9_\-.]{{8}}"
    r"|(?i:api[-_]?key|token|password|secret)(?:=|:|,)? ?['\"]?[A-Za-z0-9_\-.]{8}"
)
_OPAQUE = re.compile(
    r"(?=.{0,40}\d)[A-Za-z0-9_\-.]{16,}\Z"
)  # `openai_key: 8f3a...`, no `image_key`

_IN_TEXT = re.compile(
    rf"(?P<key>{_KEY})"
    r"|(?P<address>://[^/\s:@]{0,100}:)[^/\s@]{1,200}(?=@)"
    r"|(?P<block>-----BEGIN [A-Z ]{1,40}-----).*"
    r"|(?P<scheme>(?i:bearer|basic) {1,4})(?=[^\s]{0,60}[\d=])[A-Za-z0-9_\-.+/=]{8,}"
    r"|(?P<flag>--?[\w-]{0,40}(?:token|password|secret|key)[= ][\"']?)[^\s\"']{4,}"
    rf"|(?P<named>(?i:{_STRONG}|(?<![A-Za-z])pwd)[A-Za-z_]{{0,20}}[\"']? {{0,3}}[=:] {{0,3}}[\"']?"
    r"(?:(?i:bearer|basic) {1,4})?)"
    r"(?:(?<=\")[^\"]{1,300}|(?<=')[^']{1,300}|[^\s\"',;&)}\]]{3,})"
    r"|(?P<weak>(?i:token|auth|key|sig|signature)[\"']? {0,3}[=:] {0,3}[\"']?)"
    r"(?=[^\s]{0,60}\d)[A-Za-z0-9_\-+/=%]{16,}",
    re.DOTALL,
)


def is_secret(name: str, value: object) -> bool:
    """Whether a setting may be shown to nobody; of a dotted name the last part is given."""
    if _NAME.search(name):
        return True
    if not isinstance(value, str):
        return False
    opaque = name.lower().endswith("key") and bool(_OPAQUE.match(value))
    return opaque or bool(_VALUE.search(value))


def redacted(text: str) -> str:
    """A text without the secrets in it."""
    return _IN_TEXT.sub(_hidden, text[:_LOOKED_AT])


def _hidden(found: re.Match[str]) -> str:
    kept = "" if found.lastgroup in (None, "key") else found[found.lastgroup]
    return kept + HIDDEN
