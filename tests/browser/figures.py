"""Public figures of several installations: a usual one, a large one, and those with little or nothing to show."""

from datetime import UTC, datetime
from functools import reduce
from typing import Any

from domain.codes import Channel
from domain.registry.editions import RegistryEvent
from domain.registry.registry import Registry, evolve
from projections.figures import COUNTS, Count, Figures, Statistics
from tests.browser.samples import REGISTRY, office, standard

AS_OF = datetime(2026, 11, 12, 3, 0, tzinfo=UTC)

SERVICES = (
    ("akta-kelahiran", "Akta kelahiran", "Birth certificate"),
    ("izin-mendirikan", "Persetujuan Bangunan Gedung (PBG)", "Building approval"),
    ("skck", "Surat Keterangan Catatan Kepolisian (SKCK)", "Police clearance certificate"),
    ("pajak-kendaraan", "Pembayaran pajak kendaraan bermotor tahunan", "Yearly motor vehicle tax payment"),
    ("sertipikat-tanah", "Pendaftaran tanah pertama kali", "First registration of land"),
    ("sambungan-air", "Sambungan air bersih baru", "New water connection"),
    ("izin-praktik", "Surat izin praktik tenaga kesehatan", "Licence to practise of a health worker"),
    ("kartu-kuning", "Kartu pencari kerja (AK-1)", "Job seeker's card"),
)
OFFICES = (
    (
        "dpmptsp",
        "Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu Kota Semarang",
        "Investment and One-Stop Services Office, Semarang City",
    ),
    ("polres", "Kepolisian Resor Kota Besar Semarang", "Semarang City Police"),
    ("imigrasi", "Kantor Imigrasi Semarang", "Immigration Office, Semarang"),
)
NAMED_EDITIONS: tuple[RegistryEvent, ...] = (
    *(standard(code, name, english) for code, name, english in SERVICES),
    *(office(code, "Asia/Jakarta", name, english) for code, name, english in OFFICES),
)
NAMED: Registry = reduce(evolve, NAMED_EDITIONS, REGISTRY)


def shown(count: int) -> Count:
    return "<10" if count < 10 else count // 10 * 10


def figures(submitted: int, on_time: float = 0.875, *, answered: float = 0.8, days: float = 4.5) -> Figures:
    """As the public sees so many applications, with these parts of them answered, and answered on time."""
    done = int(submitted * answered)
    kept = int(done * 0.9 * on_time)
    exact: dict[str, int] = {
        "submitted": submitted,
        "open": submitted - done,
        "overdue": (submitted - done) // 8,
        "answered": done,
        "decided": int(done * 0.84) + int(done * 0.07) + done // 50,
        "on_time": kept,
        "late": int(done * 0.9) - kept,
        "without_deadline": done - int(done * 0.9),
        "granted": int(done * 0.84),
        "rejected": int(done * 0.07),
        "withdrawn": int(done * 0.05),
        "lapsed": int(done * 0.03),
        "cancelled": 3,
        "concluded": int(done * 0.01),
        "returned": submitted // 6,
        "deviating": submitted // 90,
        "on_time_recorded": kept,
        "late_recorded": int(done * 0.9) - kept,
        "deemed_approved": done // 50,
        "handed_over": int(done * 0.7),
        "paused": submitted // 7,
        "restarted": submitted // 100,
        "returned_last_minute": submitted // 40,
        "obstructed": submitted // 12,
        "reported_late": done // 60,
    }
    counts: dict[str, Any] = {name: shown(count) for name, count in exact.items()}
    if done < 10:
        return Figures(**counts)
    return Figures(
        **counts,
        on_time_percent=round(100 * on_time, 1),
        without_deadline_percent=10.0 if done >= 100 else None,
        days_median=days,
        days_p90=days * 3 if done >= 100 else None,
        handed_over_days_median=days + 2,
        handed_over_days_p90=days * 3 + 4 if done >= 100 else None,
        own_days_median=days / 2,
        own_days_p90=days * 2 if done >= 100 else None,
    )


def statistics(total: Figures, **tables: dict[str, Figures]) -> Statistics:
    return Statistics(as_of=AS_OF, total=total, tables=tables)


def month(back: int) -> str:
    """So many months before November 2026."""
    place = 2026 * 12 + 10 - back
    return f"{place // 12}-{place % 12 + 1:02}"


def all_of(count: Count) -> Figures:
    counts: dict[str, Any] = dict.fromkeys(COUNTS, count)
    return Figures(**counts)


NOTHING, ZERO = all_of("<10"), all_of(0)

SERVED = (1480, 1210, 930, 640, 420, 310, 170, 60, 7)
KEPT = (0.981, 0.943, 0.872, 0.9, 0.612, 0.785, 1.0, 0.5, 0.0)
CODES = ("kartu-keluarga", "akta-kelahiran", "skck", "ktp-el", "izin-mendirikan", "paspor", "pajak-kendaraan")
USUAL = statistics(
    figures(5227, 0.884),
    service={
        code: figures(count, kept, days=1 + place * 1.5)
        for place, (code, count, kept) in enumerate(
            zip((*CODES, "sertipikat-tanah", "sambungan-air"), SERVED, KEPT, strict=True)
        )
    },
    office={
        code: figures(count, kept, days=2.5 + place)
        for place, (code, count, kept) in enumerate(
            zip(
                ("semarang", "dpmptsp", "polres", "makassar", "imigrasi", "jayapura", "desk"),
                SERVED,
                KEPT,
                strict=False,
            )
        )
    },
    channel={
        Channel.COUNTER: figures(2980, 0.871),
        Channel.ELECTRONIC: figures(1930, 0.913, days=3.0),
        Channel.MOBILE: figures(240, 0.855, days=6.5),
        Channel.SELF_SERVICE: figures(70, 0.9, days=1.5),
        Channel.UNKNOWN: figures(4),
    },
    month={
        month(back): figures(
            110 + (back * 97) % 210 if back != 17 else 6, 0.95 - back % 7 / 40, answered=min(back / 3, 1)
        )
        for back in range(30)
        if back != 12
    },
)
MANY = [f"layanan-kependudukan-nomor-{number:02}" for number in range(45)]
LONG_NAMES = ("Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu", "Investment and One-Stop Services Office")
LONG_EDITIONS: tuple[RegistryEvent, ...] = (
    *(standard(code, *(f"{name} {code[-2:]}" for name in LONG_NAMES)) for code in MANY),
    *(office(code, "Asia/Jakarta", *(f"{name} {code[-2:]}" for name in LONG_NAMES), example=True) for code in MANY),
)
LONG: Registry = reduce(evolve, LONG_EDITIONS, NAMED)
SIZES = {
    code: figures(9000 - 373 * place % 8000, 0.5 + place / 91, days=place + 0.5) for place, code in enumerate(MANY)
}

Installation = tuple[Statistics, Registry]
INSTALLATIONS: dict[str, Installation] = {
    "statistics": (USUAL, NAMED),
    "statistics-many": (
        statistics(
            figures(214_870, 0.741),
            service=SIZES,
            office=SIZES,
            channel={channel.value: figures(20_000 // (1 + place)) for place, channel in enumerate(Channel)},
            month={month(back): figures(9000 - 211 * back) for back in range(40)},
        ),
        LONG,
    ),
    "statistics-none": (statistics(NOTHING), REGISTRY),
    "statistics-zero": (statistics(ZERO, service={"paspor": ZERO}, month={"2026-11": ZERO}), REGISTRY),
    "statistics-few": (
        statistics(NOTHING, service={"paspor": NOTHING}, office={"semarang": NOTHING}, month={"2026-11": NOTHING}),
        REGISTRY,
    ),
    "statistics-one": (
        statistics(
            figures(40, 0.9),
            service={"paspor": figures(40, 0.9)},
            office={"semarang": figures(40, 0.9)},
            channel={"counter": figures(40, 0.9)},
            month={"2026-11": figures(40, 0.9)},
        ),
        REGISTRY,
    ),
}
"""By the path under which each is served."""
