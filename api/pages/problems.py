"""What each refusal code means. Those of the domain say it themselves; the rest belong to the way here."""

from dataclasses import dataclass

from api.pages.language import Language
from api.pages.words import N_
from domain.refusals import all_refusals


@dataclass(frozen=True, slots=True)
class ProblemText:
    title: str
    advice: str


_OF_THE_DOMAIN = {refusal.code: ProblemText(refusal.title, refusal.advice) for refusal in all_refusals()}

_OF_THE_WAY = {
    "malformed-request": ProblemText(
        N_("The request cannot be understood"), N_("Compare it with the description of the API, then send it again")
    ),
    "unauthenticated": ProblemText(N_("It is not known who is asking"), N_("Sign in, or send a valid access token")),
    "forbidden": ProblemText(N_("You may not do this"), N_("Ask the office that holds the application")),
    "not-found": ProblemText(N_("There is nothing here"), N_("Check the address, or begin at the start page")),
    "method-not-allowed": ProblemText(
        N_("This cannot be done at this address"), N_("The description of the API says what can be done here")
    ),
    "stale-version": ProblemText(
        N_("The application has changed since you read it"), N_("Read it again, then decide anew")
    ),
    "precondition-required": ProblemText(
        N_("The request does not say which version it is based on"),
        N_("Send If-Match with the version that you have seen"),
    ),
    "key-required": ProblemText(
        N_("The request has no key that makes it safe to repeat"), N_("Send an Idempotency-Key, a new one for each act")
    ),
    "key-reused": ProblemText(
        N_("This Idempotency-Key was used for something else"), N_("Send a new key for a new act")
    ),
    "unprocessable": ProblemText(
        N_("A value in the request is not possible here"), N_("Mend what the answer points at and send it again")
    ),
    "unsupported-media-type": ProblemText(
        N_("The request is not in a form that is read here"), N_("Send JSON, with Content-Type: application/json")
    ),
    "too-large": ProblemText(N_("The request is too large"), N_("Send less at once")),
    "limited": ProblemText(N_("Too many requests"), N_("Wait as long as Retry-After says, then try again")),
    "behind": ProblemText(
        N_("What you asked for is recorded, but cannot be shown yet"), N_("Try again in a few seconds")
    ),
    "token-ahead": ProblemText(
        N_("The Sync-Token names something that has not happened here"), N_("Leave it out, or send the newest you have")
    ),
    "no-feed": ProblemText(N_("This agency has no feed"), N_("Ask the operator to bring it in")),
    "event-not-in-feed": ProblemText(
        N_("The event is not in this feed"), N_("Read the feed again from its beginning, and pass over what you have")
    ),
    "readers-many": ProblemText(
        N_("Too many read feeds at the same time"), N_("End what you do not need, or come again later")
    ),
    "unavailable": ProblemText(
        N_("The service cannot be reached at the moment"), N_("Try again soon; sending the same again does no harm")
    ),
    "wrong-number-or-pin": ProblemText(
        N_("The tracking number and the PIN do not belong together"), N_("Check both on your receipt")
    ),
    "number-mistyped": ProblemText(
        N_("The tracking number has a typing mistake"), N_("Compare it with your receipt, sign by sign")
    ),
    "not-acceptable": ProblemText(
        N_("The answer cannot be given in the form that was asked for"), N_("Accept application/json or text/html")
    ),
    "internal-error": ProblemText(
        N_("Something went wrong on our side"), N_("Try again; if it goes on, tell the operator when it happened")
    ),
}

PROBLEMS = {**_OF_THE_DOMAIN, **_OF_THE_WAY}


TEXTS = frozenset(text for problem in PROBLEMS.values() for text in (problem.title, problem.advice))


def in_words(language: Language, text: str, instead: str) -> str:
    """`text` as the reader can read it: ours is translated; of other English an Indonesian reader gets `instead`."""
    if text in TEXTS:
        return language.say(text)
    return text if language.code == "en" else language.say(instead)
