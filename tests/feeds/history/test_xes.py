import gzip
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feeds.history import xes
from feeds.history.formats import packed
from feeds.history.source import SourceError
from feeds.history.xes import read_xes
from tests.conftest import PROJECT
from tests.feeds.history.xes_logs import write_log

RECEIPT = PROJECT.parent / "shared" / "data" / "receipt.xes.gz"
SINGLE_VALUES = ("string", "date", "int", "float", "boolean", "id")
SECRET = "Siti-3174"  # stands in every log that is refused, and in no message

Facts = tuple[dict[str, str], list[dict[str, str]]]


def written(folder: Path, content: str | bytes, name: str = "log.xes") -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def facts(file: Path) -> list[Facts]:
    return [(case.attributes, [event.attributes for event in case.events]) for case in read_xes(file)]


def facts_by_lxml(content: bytes) -> list[Facts]:
    def single_values(holder: etree._Element) -> dict[str, str]:
        typed = [child for child in holder.iterchildren("{*}*") if etree.QName(child).localname in SINGLE_VALUES]
        return {str(child.attrib["key"]): str(child.attrib["value"]) for child in typed}

    traces = etree.fromstring(content, etree.XMLParser(huge_tree=True)).iterchildren("{*}trace")
    return [
        (single_values(trace), [single_values(event) for event in trace.iterchildren("{*}event")]) for trace in traces
    ]


def refusal(file: Path) -> SourceError:
    with pytest.raises(SourceError) as caught:
        list(read_xes(file))
    fault = caught.value
    assert fault.file == file
    assert str(fault) == f"{file}, {fault.place}: {fault.wrong}; expected {fault.expected}"
    assert SECRET not in str(fault)
    return fault


def test_only_the_facts_of_cases_are_read_each_with_its_line(tmp_path: Path) -> None:
    log = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://x/concept.xesext"/>
<global scope="trace"><string key="concept:name" value="UNKNOWN"/></global>
<global scope="event"><date key="time:timestamp" value="1970-01-01T00:00:00.000+01:00"/></global>
<classifier name="Activity" keys="concept:name"/>
<float key="average" value="4.13"><float key="Resource14" value="1.004"/></float>
<trace>
<string key="concept:name" value="case-10011"><string key="concept:name" value="nested"/></string>
<event>
<date key="time:timestamp" value="2011-10-11T13:45:40.276+02:00"/>
<boolean key="b" value="true"/><int key="i" value="007"/><float key="f" value="1.50"/><id key="u" value="A-1"/>
<list key="l"><values><string key="b" value="x"/></values></list>
<container key="c"><string key="b" value="y"/></container>
</event>
<event/>
<date key="late" value="2011-10-12"/>
</trace>
<trace/>
</log>"""
    first, second = read_xes(written(tmp_path, log))
    assert first.attributes == {"concept:name": "case-10011", "late": "2011-10-12"}
    time = {"time:timestamp": "2011-10-11T13:45:40.276+02:00"}
    assert first.events[0].attributes == time | {"b": "true", "i": "007", "f": "1.50", "u": "A-1"}
    assert (first.ordinal, first.line, [event.line for event in first.events]) == (1, 8, [10, 16])
    assert (second.ordinal, second.line, second.attributes, second.events) == (2, 19, {}, [])


@pytest.mark.parametrize(
    "log",
    [
        '<log><trace><string key="k" value="v"/></trace></log>',
        '<x:log xmlns:x="u"><x:trace><x:string key="k" value="v"/></x:trace></x:log>',
        """<log xmlns="u" xmlns:y="other"><y:trace/><trace>
           <y:string key="k" value="w"/><x:string xmlns:x="u" key="k" value="v"/></trace></log>""",
    ],
    ids=["no namespace", "prefixed", "a foreign one beside it"],
)
def test_namespaces_decide_and_not_prefixes(tmp_path: Path, log: str) -> None:
    assert facts(written(tmp_path, log)) == [({"k": "v"}, [])]


@pytest.mark.parametrize("encoding", ["UTF-16", "ISO-8859-1", "windows-1252"])
def test_a_log_is_read_in_the_encoding_it_declares(tmp_path: Path, encoding: str) -> None:
    log = f'<?xml version="1.0" encoding="{encoding}"?><log><trace><string key="é" value="ü"/></trace></log>'
    assert facts(written(tmp_path, log.encode(encoding))) == [({"é": "ü"}, [])]


CHARACTERS = st.characters(min_codepoint=0x20, exclude_categories=["Cs"], exclude_characters="\ufffe\uffff")
TEXTS = st.text(CHARACTERS, max_size=8) | st.sampled_from(["\n", "\t\r\n ", "\"'", "<&>]]>", "😀", "&#10;", "e\u0301"])
KINDS = st.sampled_from([*SINGLE_VALUES, "list", "container"])


def elements(attributes: Mapping[str, tuple[str, str, list[str]]]) -> str:
    return "\n".join(
        f"<{kind} key={quoteattr(key)} value={quoteattr(value)}>{''.join(children)}</{kind}>"
        for key, (kind, value, children) in attributes.items()
    )


def attributes_with(children: st.SearchStrategy[list[str]]) -> st.SearchStrategy[str]:
    return st.dictionaries(TEXTS, st.tuples(KINDS, TEXTS, children), max_size=4).map(elements)


ATTRIBUTES = attributes_with(st.lists(attributes_with(st.lists(attributes_with(st.just([])), max_size=1)), max_size=1))
EVENTS = st.lists(ATTRIBUTES.map("<event>{}</event>".format), max_size=3).map("".join)
TRACES = st.lists(st.builds("<trace>{}{}</trace>".format, ATTRIBUTES, EVENTS), min_size=1, max_size=3).map("".join)
GLOBALS = ATTRIBUTES.map('<global scope="event">{}</global>'.format)
ROOTS = st.sampled_from(["<log>{}{}{}</log>", '<log xmlns="http://www.xes-standard.org/">{}{}{}</log>'])
LOGS = st.builds(str.format, ROOTS, GLOBALS, ATTRIBUTES, TRACES)


@given(log=LOGS, name=st.sampled_from(["log.xes", "log.xes.gz"]), chunk=st.sampled_from([1, 7, packed.CHUNK]))
def test_any_log_is_read_as_lxml_reads_it(log: str, name: str, chunk: int) -> None:
    content = log.encode()
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "CHUNK", chunk)
        file = written(Path(folder), gzip.compress(content) if name.endswith(".gz") else content, name)
        assert facts(file) == facts_by_lxml(content)


@pytest.mark.skipif(not RECEIPT.exists(), reason=f"the receipt log is not at {RECEIPT}")
def test_the_receipt_log_is_read_as_lxml_reads_it() -> None:
    cases = facts(RECEIPT)
    assert (len(cases), sum(len(events) for _, events in cases)) == (1_434, 8_577)
    assert cases == facts_by_lxml(gzip.decompress(RECEIPT.read_bytes()))


def test_every_limit_may_be_reached(tmp_path: Path) -> None:
    attributes = "".join(f'<int key="a{number}" value="1"/>' for number in range(xes.MAX_ATTRIBUTES - 2))
    nested = '<int key="n" value="1">' * (xes.MAX_DEPTH - 3) + "</int>" * (xes.MAX_DEPTH - 3)
    longest = f'<string key="long" value="{"é" * (xes.MAX_VALUE // 2)}"/>'
    rest = "<event/>" * (xes.MAX_EVENTS - 1)
    log = f"<log><trace><event>{attributes}{nested}{longest}</event>{rest}</trace></log>"
    ((_, events),) = facts(written(tmp_path, log))
    assert (len(events), len(events[0])) == (xes.MAX_EVENTS, xes.MAX_ATTRIBUTES)


def in_event(inside: str) -> str:
    return f'<log>\n<trace><string key="concept:name" value="{SECRET}"/>\n<event>\n{inside}\n</event></trace></log>'


BOMB = f'<!DOCTYPE log [<!ENTITY a "{SECRET}"><!ENTITY b "&a;&a;">]>'
REFUSED: dict[str, tuple[str | bytes, str, str]] = {
    "entity bomb": (f'{BOMB}\n<log><trace><string key="&b;" value="x"/></trace></log>', "line 1", "document type"),
    "external entity": ('<!DOCTYPE log [<!ENTITY a SYSTEM "file:///etc/hostname">]><log/>', "line 1", "document type"),
    "external document type": ('\n<!DOCTYPE log SYSTEM "http://x/y.dtd"><log/>', "line 2", "document type"),
    "undeclared entity": (in_event('<string key="k" value="&x;"/>'), "trace 1, line 4", "undefined entity"),
    "too deep": (
        in_event('<int key="k" value="1">\n' * 62 + "</int>" * 62),
        f"trace 1, line {4 + 61}",
        "nested too deep",
    ),
    "too long a value": (
        in_event(f'\n<string key="note" value="{SECRET}{"é" * 32_764}"/>'),
        "trace 1, line 5",
        "too long, of attribute 'note'",
    ),
    "too many attributes": (
        in_event("\n".join(f'<int key="a{number}" value="1"/>' for number in range(1_001))),
        "trace 1, line 1004",
        "too many attributes",
    ),
    "too many events": ("<log><trace>" + "<event/>\n" * 50_001, "trace 1, line 50001", "too many events"),
    "a key twice in an event": (
        in_event(f'<int key="k" value="1"/>\n<string key="k" value="{SECRET}"/>'),
        "trace 1, line 5",
        "attribute 'k' occurs twice",
    ),
    "a key twice in a trace": (
        '<log><trace/>\n<trace><int key="k" value="1"/><event/>\n<int key="k" value="2"/></trace></log>',
        "trace 2, line 3",
        "attribute 'k' occurs twice",
    ),
    "no key": (in_event(f'<string value="{SECRET}"/>'), "trace 1, line 4", "without key or value"),
    "no value": (in_event('<string key="k"/>'), "trace 1, line 4", "without key or value"),
    "an event outside any trace": ("<log><trace/>\n<event/></log>", "line 2", "<event> at the wrong place"),
    "a trace within a trace": ("<log><trace>\n<trace/></trace></log>", "trace 1, line 2", "<trace> at the wrong place"),
    "a tag without end": (in_event('<int key="' + SECRET * 200_000), "trace 1, line 4", "without an end"),
    "a comment without end": ("<log>\n<!--" + SECRET * 200_000, "line 2", "without an end"),
    "too many names": (
        "<log>" + "".join(f"<e{number}/>" for number in range(1_001)) + "<trace/></log>",
        "line 1",
        "too many different names",
    ),
    "too many prefixes": (
        "<log>" + "".join(f'<e xmlns:p{number}="u"/>' for number in range(1_001)) + "<trace/></log>",
        "line 1",
        "too many different names",
    ),
    "truncated": (in_event(SECRET).removesuffix("</trace></log>"), "trace 1, line 5", "no element found"),
    "truncated in a tag": (f'<log><trace>\n<string key="k" value="{SECRET}', "trace 1, line 2", "unclosed token"),
    "bad UTF-8": (b'<log>\n<trace><string key="k" value="\xff"/></trace></log>', "trace 1, line 2", "invalid token"),
    "unknown encoding": ('<?xml version="1.0" encoding="klingon"?><log/>', "line 1", "encoding"),
    "empty": ("", "line 1", "empty"),
    "not XML": (f"case;activity\n{SECRET};x\n", "line 1", "malformed XML"),
    "not a log": (f"<html>\n<trace>{SECRET}</trace></html>", "line 1", "root element is not <log>"),
    "without any trace": ('<log>\n<string key="k" value="v"/>\n</log>\n', "line 4", "no trace"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_sound_log_is_refused_with_its_place(tmp_path: Path, name: str) -> None:
    log, place, wrong = REFUSED[name]
    content = log if isinstance(log, bytes) else log.encode()
    for file in (written(tmp_path, content), written(tmp_path, gzip.compress(content), "log.xes.gz")):
        fault = refusal(file)
        assert (fault.place, wrong in fault.wrong) == (place, True), str(fault)


def test_a_trace_too_large_for_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xes, "MAX_TRACE", 500_000)
    file = tmp_path / "log.xes"
    write_log(file, cases=10, events_per_case=1_000)
    assert facts(file)
    write_log(file, cases=10, events_per_case=2_000)
    assert "too large" in refusal(file).wrong


def spoiled(packed: bytes) -> dict[str, bytes]:
    return {
        "truncated": packed[: len(packed) // 2],
        "without its trailer": packed[:-8],
        "wrong CRC": packed[:-8] + bytes([packed[-8] ^ 1]) + packed[-7:],
        "wrong data": packed[:2_000] + b"\x00\xff" * 50 + packed[2_100:],
        "followed by rubbish": packed + SECRET.encode(),
        "not gzip": SECRET.encode(),
    }


@pytest.mark.parametrize("name", spoiled(b"x" * 8))
def test_spoiled_gzip_is_refused(tmp_path: Path, name: str) -> None:
    file = tmp_path / "log.xes.gz"
    write_log(file, cases=200, events_per_case=20)
    file.write_bytes(spoiled(file.read_bytes())[name])
    fault = refusal(file)
    assert "gzip" in fault.wrong
    assert fault.place.startswith("byte ")


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    assert "cannot be opened" in refusal(tmp_path / "absent.xes").wrong
    assert "cannot be opened" in refusal(tmp_path).wrong


@pytest.mark.parametrize("name", ["log.xes", "log.xes.gz"])
def test_progress_adds_up_to_the_size_of_the_file(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    write_log(file, cases=500, events_per_case=10)
    steps: list[int] = []
    assert len(list(read_xes(file, progress=steps.append))) == 500
    assert sum(steps) == file.stat().st_size
    assert len(steps) > 10


PEAK = """
import sys, tracemalloc
from datetime import datetime
from pathlib import Path
from feeds.history.xes import read_xes
tracemalloc.start()
print(sum(len(case.events) for case in read_xes(Path(sys.argv[1]))), tracemalloc.get_traced_memory()[1])
"""


def test_memory_does_not_grow_with_the_log(tmp_path: Path) -> None:
    # tracemalloc sees expat, too: it allocates through Python
    peaks = []
    for events in (5_000, 200_000):
        file = tmp_path / f"{events}.xes.gz"
        write_log(file, cases=events // 10, events_per_case=10)
        command = [sys.executable, "-c", PEAK, str(file)]
        output = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout
        count, peak = map(int, output.split())
        assert count == events
        peaks.append(peak)
    assert peaks[1] - peaks[0] < 1_000_000, peaks


def test_written_logs_are_what_other_tests_rely_on(tmp_path: Path) -> None:
    plain, packed, again = (tmp_path / name for name in ("log.xes", "log.xes.gz", "again.xes.gz"))
    for file in (plain, packed, again):
        write_log(file, cases=20, events_per_case=12)
    assert packed.read_bytes() == again.read_bytes()
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    cases = facts(packed)
    assert [attributes["concept:name"] for attributes, _ in cases] == [f"case-{number}" for number in range(1, 21)]
    assert [number for number, (attributes, _) in enumerate(cases, 1) if "enddate" not in attributes] == [10, 20]
    assert len({event["concept:instance"] for _, events in cases for event in events}) == 240
    for attributes, events in cases:
        times = [datetime.fromisoformat(event["time:timestamp"]) for event in events]
        assert times == sorted(set(times))
        assert datetime.fromisoformat(attributes["startdate"]) < times[0]
    offsets = {event["time:timestamp"][-6:] for _, events in cases for event in events}
    assert offsets == {"+01:00", "+02:00"}
