"""The verb `audit-feed`: compares an agency's Kafka topic with the log."""

import argparse
import json

from feeds.agencies.audit import AuditReport
from infra.cli.terminal import EXIT_FOUND, level, settings
from infra.kafka.brokers import ClusterFault
from infra.postgres.databases import databases


def audit_feed(options: argparse.Namespace) -> int:
    from infra.kafka.topic_audit import audit  # noqa: PLC0415 - kafka-python takes half a second to import

    at = settings()
    if at.kafka is None:
        raise ClusterFault("JEJAK_KAFKA_BOOTSTRAP is not set: without Kafka, there is no topic to audit")
    with databases(at) as found, level(f"reading the topic of {options.agency}") as stand:
        verdict, published = audit(
            at.kafka,
            found.auditor,
            options.agency,
            source=f"urn:gov:id:jejak:{at.instance.lower()}",
            from_beginning=options.from_beginning,
            stand=stand,
        )
    if options.json:
        print(json.dumps(_document(options.agency, verdict, published)))
    else:
        _tell(options.agency, verdict, published)
    return 0 if verdict.whole else EXIT_FOUND


def _document(agency: str, verdict: AuditReport, published: int) -> dict[str, object]:
    return {
        "agency": agency,
        "whole": verdict.whole,
        "published_to": published,
        "applications": verdict.applications,
        "messages": verdict.messages,
        "records": verdict.records,
        "not_yet_published": verdict.not_yet,
        "no_longer_kept": verdict.no_longer,
        "faults": {kind.value: count for kind, count in verdict.counts.items()},
        "first": [{"kind": fault.kind.value, "id": fault.id, "what": fault.words} for fault in verdict.first],
    }


def _tell(agency: str, verdict: AuditReport, published: int) -> None:
    for fault in verdict.first:
        print(fault)
    if sum(verdict.counts.values()) > len(verdict.first):
        print(f"… only the first {len(verdict.first)} faults are shown")
    print(
        f"{agency}: {verdict.records} records in the topic, {verdict.messages} messages of {verdict.applications}"
        f" applications in the feed; published up to position {published}; not published yet: {verdict.not_yet};"
        f" older than the topic's first record: {verdict.no_longer}"
    )
    told = ", ".join(f"{kind.value} {count}" for kind, count in verdict.counts.items())
    print(f"faults: {told}" if told else "no faults: the topic has each message once, unaltered and in order")
