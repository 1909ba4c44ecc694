"""The words, where the landing looks for them; local, never committed."""

from tests.words.test_words import *  # noqa: F403
