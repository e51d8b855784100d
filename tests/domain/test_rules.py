"""Tests of the rules: each has a source and a tag, or is a setting; every public function of a rule names it."""

import importlib
import inspect
from dataclasses import fields, is_dataclass

import pytest

from domain.registry import editions
from domain.rules import RESTING, RULES, Rule, Tag, rests_on

MODULES = ("registry.calendar", "promises.complaints", "promises.deadlines", "promises.late_reports", "promises.steps")
"""Modules in which every public function implements a rule."""
ELSEWHERE = ("clocks.ledger", "persons.national_id", "application.outcomes", "satisfaction")
"""Modules in which some functions implement a rule. The tests import them, so that their functions are registered."""

each_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())


@each_rule
def test_a_rule_says_what_it_is_and_on_what_it_rests(rule: Rule) -> None:
    assert rule.text
    assert rule.source
    assert rule.tag in Tag


@each_rule
def test_what_no_source_settles_is_a_setting(rule: Rule) -> None:
    if rule.tag is not Tag.SOURCED:
        assert rule.field
    if rule.field:
        owner, _, name = rule.field.partition(".")
        cls = getattr(editions, owner)
        assert is_dataclass(cls)
        assert name in {field.name for field in fields(cls)}


for module in (*MODULES, *ELSEWHERE):
    importlib.import_module(f"domain.{module}")


@pytest.mark.parametrize("module", MODULES)
def test_every_public_function_of_a_rule_names_it(module: str) -> None:
    found = importlib.import_module(f"domain.{module}")
    public = {
        f"{function.__module__}.{name}"
        for name, function in inspect.getmembers(found, inspect.isfunction)
        if function.__module__ == found.__name__ and not name.startswith("_")
    }
    resting = {thing for things in RESTING.values() for thing in things}
    assert public
    assert public - resting == set()


def test_every_rule_is_implemented_somewhere() -> None:
    assert RULES.keys() - RESTING.keys() == set()


def test_nothing_rests_on_a_rule_that_is_not_there() -> None:
    with pytest.raises(KeyError, match="custom"):
        rests_on("custom")


def test_a_value_rests_on_a_rule_as_a_function_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RESTING, "pause", [])
    assert rests_on("pause")(30) == 30
    assert RESTING["pause"] == ["30"]
