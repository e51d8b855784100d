"""Problem texts: this module contains the title and the advice of each problem code.

The domain defines the texts of its own refusals. This module defines the texts of all other problem codes, which belong
to HTTP and to the API.
"""

from dataclasses import dataclass

from api.pages.language import Language
from api.pages.words import N_
from domain.refusal_tree import all_refusals


@dataclass(frozen=True, slots=True)
class ProblemText:
    title: str
    advice: str


_OF_DOMAIN = {refusal.code: ProblemText(refusal.title, refusal.advice) for refusal in all_refusals()}

_OF_API = {
    "malformed-request": ProblemText(
        N_("The request cannot be understood"), N_("Compare it with the description of the API, then send it again")
    ),
    "unauthenticated": ProblemText(N_("You are not signed in"), N_("Sign in, or send a valid access token")),
    "forbidden": ProblemText(N_("You may not do this"), N_("Ask the office that holds the application")),
    "not-found": ProblemText(N_("Page not found"), N_("Check the address, or go to the start page")),
    "method-not-allowed": ProblemText(
        N_("This cannot be done at this address"), N_("Read in the description of the API what this address can do")
    ),
    "stale-version": ProblemText(
        N_("The application has changed since you read it"), N_("Read it again, then decide again")
    ),
    "precondition-required": ProblemText(
        N_("The request does not say which version it is based on"),
        N_("Send If-Match with the version that you have seen"),
    ),
    "key-required": ProblemText(
        N_("The Idempotency-Key is missing or not valid"),
        N_("Send a new Idempotency-Key for each act; repeat a key only to repeat the same request"),
    ),
    "application-erased": ProblemText(
        N_("The personal data of this application was erased"),
        N_("Send the command without personal data, or submit a new application"),
    ),
    "key-reused": ProblemText(
        N_("This Idempotency-Key was used for something else"), N_("Send a new Idempotency-Key for a new act")
    ),
    "unprocessable": ProblemText(
        N_("A value in the request is not allowed here"),
        N_("Correct the values that the answer names, then send it again"),
    ),
    "unsupported-media-type": ProblemText(
        N_("The request has the wrong format"), N_("Send JSON, with Content-Type: application/json")
    ),
    "too-large": ProblemText(N_("The request is too large"), N_("Send less at once")),
    "head-too-large": ProblemText(
        N_("The address or the headers of the request are too long"), N_("Send less at once")
    ),
    "too-slow": ProblemText(
        N_("The request did not arrive in time"), N_("Check your connection, then send the request again")
    ),
    "too-many-connections": ProblemText(
        N_("Too many connections are open at the moment"), N_("Try again in a few seconds")
    ),
    "limited": ProblemText(N_("Too many requests"), N_("Wait as long as the Retry-After header says, then try again")),
    "searches-limited": ProblemText(
        N_("Too many searches for persons"), N_("Wait as long as the Retry-After header says, then try again")
    ),
    "behind": ProblemText(
        N_("The newest data are recorded, but cannot be shown yet"), N_("Try again in a few seconds")
    ),
    "token-ahead": ProblemText(
        N_("The Sync-Token is ahead of the data in this system"),
        N_("Leave the Sync-Token out, or send the newest one that you have"),
    ),
    "no-feed": ProblemText(N_("This agency has no feed"), N_("Ask the operator to add the agency")),
    "event-not-in-feed": ProblemText(
        N_("The event is not in this feed"),
        N_("Read the feed again from the beginning, and skip the events that you already have"),
    ),
    "readers-many": ProblemText(
        N_("Too many clients are reading feeds at the same time"),
        N_("Close the connections that you do not need, or try again later"),
    ),
    "unavailable": ProblemText(
        N_("The service cannot be reached at the moment"),
        N_("Try again soon; it is safe to send the same request again"),
    ),
    "application-unreadable": ProblemText(
        N_("The system cannot read this application at the moment"),
        N_("Nothing was stored; tell the operator, then send the same request again after the repair"),
    ),
    "wrong-number-or-pin": ProblemText(
        N_("The tracking number and the PIN do not match"), N_("Check both on your receipt")
    ),
    "number-mistyped": ProblemText(
        N_("The tracking number has a typing mistake"), N_("Compare it with your receipt, letter by letter")
    ),
    "not-acceptable": ProblemText(
        N_("The answer is not available in the format that you asked for"), N_("Ask for application/json or text/html")
    ),
    "internal-error": ProblemText(
        N_("Something went wrong on our side"), N_("Try again; if it happens again, tell the operator at what time")
    ),
}

PROBLEMS = {**_OF_DOMAIN, **_OF_API}

TEXTS = frozenset(text for problem in PROBLEMS.values() for text in (problem.title, problem.advice))


def in_words(language: Language, text: str, instead: str) -> str:
    """Translates `text` if `text` is in `TEXTS`. All other texts are in English. If `text` is not in `TEXTS`, an
    English reader gets `text` unchanged, and an Indonesian reader gets the translation of `instead`.
    """
    if text in TEXTS:
        return language.say(text)
    return text if language.code == "en" else language.say(instead)
