"""Transitions: this module proposes the meaning of the words in a lifecycle column. The XES standard names these words,
and each tool writes them in its own case.
"""

MEANINGS = {
    "planned": (
        "schedule",
        "scheduled",
        "assign",
        "assigned",
        "reassign",
        "enable",
        "enabled",
        "create",
        "ready",
        "dijadwalkan",
    ),
    "entered": ("start", "started", "resume", "resumed", "begin", "mulai", "dimulai", "inprogress", "in progress"),
    "completed": ("complete", "completed", "end", "finish", "finished", "done", "selesai", "unknown", ""),
    "ended": (
        *("abort", "aborted", "ate_abort", "pi_abort", "withdraw", "skip", "autoskip", "manualskip", "suspend"),
        *("suspended", "cancel", "cancelled", "fail", "failed", "batal", "dibatalkan"),
    ),
}
BY_WORDS = {word: meaning for meaning, words in MEANINGS.items() for word in words}


def transition(word: str) -> str | None:
    """Returns the meaning of a word, or None if the word is not known."""
    return BY_WORDS.get(word.strip().lower())
