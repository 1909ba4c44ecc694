"""Nobody waits for a screen to be left: what still works then ends behind it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

LEAVE_S = 0.3  # each of what usually ends at once may take so long


class Impatient(ThreadPoolExecutor):
    """Threads for what the screen has searched and saved, left alone when the screen is left.

    asyncio waits for its threads at the end: for the search through a log of many gigabytes, or a
    file system that does not answer.
    """

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        """Begin nothing more."""
        super().shutdown(wait=False, cancel_futures=True)
