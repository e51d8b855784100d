"""Descriptors: at the start, this module checks how many files and sockets a process may open."""

import resource

import structlog

from infra.postgres.pool import CONNECTIONS_MAX

OWN = 2 * CONNECTIONS_MAX + 12 + 64
"""The descriptors that a process needs for itself: the connections of both pools, twelve single connections to
PostgreSQL (the writer, the coalescers, the listeners, the scheduler, the recorder), and 64 for everything else.
"""
CLIENTS_MIN = 16

log = structlog.get_logger("jejak.descriptors")


class DescriptorsTooFew(Exception):
    """The process may open too few files. The error message says what to do."""


def clients_max(wanted: int) -> int:
    """Returns how many clients may be connected at once. The result is `wanted`, or less if the limit of open files is
    too low.

    If the soft limit is too low for `wanted`, first raises the soft limit, at most to the hard limit. Raises
    DescriptorsTooFew if not even CLIENTS_MIN clients can be connected.
    """
    needed = OWN + wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    if soft < OWN + CLIENTS_MIN:
        raise DescriptorsTooFew(
            f"this process may open {soft} files, but needs at least {OWN + CLIENTS_MIN}: {_remedy(needed)}"
        )
    return soft - OWN


def check(wanted: int) -> None:
    """Writes one line to the log if fewer than `wanted` clients can be connected at once. Raises DescriptorsTooFew."""
    clients = clients_max(wanted)
    if clients < wanted:
        log.warning("few clients can be connected at once", clients=clients, remedy=_remedy(OWN + wanted))


def _remedy(needed: int) -> str:
    return f"run `ulimit -n {needed}` before the start, or set LimitNOFILE={needed} in the systemd unit"
