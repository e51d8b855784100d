"""Paths: this module counts in which order the cases of a log have their words. So the draft can see which words end a
case.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from feeds.history.draft.outcomes import ENDS, PRODUCT, outcome

SELDOM = 0.1
"""A word does not end a case if the case goes on after it in more than this share of the cases."""


@dataclass(slots=True)
class Paths:
    """`cases` counts the cases. `ended` counts the cases whose end has a column of its own. `last` counts the last
    words of the cases, and `opening` their first words. `seen` counts the cases with a word, and `going_on` the cases
    that go on after this word.
    """

    cases: int = 0
    ended: int = 0
    last: Counter[str] = field(default_factory=Counter)
    opening: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    going_on: Counter[str] = field(default_factory=Counter)

    def see(self, words: Sequence[str], *, ended: bool) -> None:
        """Notes a case. `words` are its words in the order of time. `ended` says whether a column dates its end."""
        self.cases += 1
        self.ended += ended
        if not words:
            return
        self.last[words[-1]] += 1
        self.opening[words[0]] += 1
        for word in {*words}:
            meaning = outcome(word)
            if meaning:
                self.seen[word] += 1
                self.going_on[word] += _goes_on(words[words.index(word) + 1 :], meaning, word)

    def meaning(self, word: str) -> tuple[str | None, str]:
        """Returns the meaning of a word, and a question about it. The meaning is None if the word is a stage."""
        meaning = outcome(word)
        if not meaning:
            return None, ""
        if self.going_on[word] > SELDOM * self.seen[word]:
            ask = f"CHECK: {meaning}? {self.going_on[word]} of {self.seen[word]} cases go on after it"
            return (None, ask) if meaning != "received" else (meaning, "")
        if meaning == "received" and self.seen[word] > 2 * self.opening[word]:
            return "concluded", "CHECK: these cases end here; were they received, or approved?"
        return meaning, "CHECK: the reason" if meaning in ("rejected", "cancelled") else ""

    def ends(self, words: Sequence[str]) -> int:
        """Returns how many cases have an end or an answer, if the words have these meanings."""
        ending = {word for word in words if self.meaning(word)[0] in (*ENDS, *PRODUCT)}
        return max(self.ended, sum(self.seen[word] - self.going_on[word] for word in ending))


def _goes_on(rest: Sequence[str], meaning: str, word: str) -> bool:
    """Returns whether a case goes on after a word. After an end, other outcomes may follow. After an approval, only the
    same word counts.
    """
    if meaning in PRODUCT:
        return word in rest
    return any(outcome(later) is None or later == word for later in rest)
