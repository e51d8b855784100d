"""Keys of a mapping that a source cannot obey are refused, whatever the source is."""

from pathlib import Path
from typing import Any

import pytest

from feeds.history.file_format import open_table
from feeds.history.mapping import Csv
from feeds.history.source import Log, SourceError
from infra.imports.query import QueryTable

LAYOUTS: dict[str, Any] = {
    "header_row": 2,
    "skip_rows": [3],
    "fill_down": ["nomor"],
    "join": {"waktu": ["hari", "jam"]},
}


@pytest.mark.parametrize("key", LAYOUTS)
@pytest.mark.parametrize("source", ["a database", "a JSON file"])
def test_a_layout_of_sheets_is_refused_where_columns_have_names(tmp_path: Path, source: str, key: str) -> None:
    file = tmp_path / "log.json"
    file.write_text('[{"nomor": "1"}]')
    log: Log = file if source == "a JSON file" else QueryTable("postgresql://db/agency")
    with pytest.raises(SourceError, match="fill_down or join; expected none of these keys"):
        open_table(log, None, Csv(**{key: LAYOUTS[key]}), None)
