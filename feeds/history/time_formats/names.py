"""Names in dates: the months and the days of the week, in Indonesian and in English, with their abbreviations."""

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januari january jan",
            "februari pebruari february feb peb",
            "maret march mar mrt",
            "april apr",
            "mei may",
            "juni june jun",
            "juli july jul",
            "agustus august agst agus agt agu ags aug",
            "september sept sep",
            "oktober october okt oct",
            "november nopember nov nop",
            "desember december des dec",
        ),
        1,
    )
    for name in names.split()
}
WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "senin monday sen mon",
            "selasa tuesday sel tues tue",
            "rabu wednesday rab wed",
            "kamis thursday kam thurs thur thu",
            "jumat jum'at jumaat friday jum fri",
            "sabtu saturday sab sat",
            "minggu ahad sunday ming mgg min ahd sun",
        )
    )
    for name in names.split()
}
"""Maps each day of the week to its number. As in `date.weekday`, Monday is 0."""


def one_of(names: dict[str, int]) -> str:
    """Returns a regular expression that matches each of the names."""
    return "|".join(sorted(names, key=lambda name: (-len(name), name)))
