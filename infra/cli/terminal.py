"""The terminal: settings, exit codes and progress bars that the verbs share. Progress bars are shown on stderr."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

from infra.settings import Settings, settings_from

EXIT_FOUND, EXIT_WRONG = 1, 2
"""Exit codes. EXIT_FOUND means that a check found faults. EXIT_WRONG means that the given options or files are wrong.
"""


def settings() -> Settings:
    return settings_from(os.environ)


@contextmanager
def bar(what: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
    """Yields a function that advances a progress bar. The bar is shown only if the task takes longer than a second."""
    with tqdm(total=total, desc=what, unit=unit, unit_scale=True, disable=None, delay=1, file=sys.stderr) as shown:
        yield lambda more: _advance(shown, more)


def _advance(shown: "tqdm[Any]", more: int) -> None:
    shown.update(more)


@contextmanager
def level(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yields a function that sets a progress bar.

    The function takes two numbers: how many units are finished, and how many units there are.
    """
    with tqdm(desc=what, unit="ev", unit_scale=True, disable=None, file=sys.stderr) as shown:

        def stand(reached: int, total: int) -> None:
            shown.total = total
            shown.update(reached - shown.n)

        yield stand
