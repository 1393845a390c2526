"""What a script of a sponsor asks by redcaplite, unmodified; run with the interpreter that has it.

`redcaplite_calls.py URL KEY` prints one JSON object: what each call gave, or the words of its refusal.
"""

import contextlib
import io
import json
import sys
from collections.abc import Callable
from typing import Any

from redcaplite import RedcapClient  # type: ignore[import-not-found]  # of another environment


def told(call: Callable[[], Any]) -> Any:
    """The answer as plain values, or the words of the refusal; the client prints each status."""
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            found = call()
        except Exception as refused:  # as a script would see it
            return f"refused: {refused}"
    return json.loads(found.to_json(orient="records")) if hasattr(found, "to_json") else found


def main(url: str, key: str) -> None:
    client = RedcapClient(f"{url}/redcap/api/", key)
    as_text: Any = {"dtype": str, "keep_default_na": False}
    calls: dict[str, Callable[[], Any]] = {
        "version": client.get_version,
        "project": client.get_project,
        "instruments": client.get_instruments,
        "events": client.get_events,
        "arms": client.get_arms,
        "mappings": client.get_form_event_mappings,
        "repeating": client.get_repeating_forms_events,
        "field_names": client.get_field_names,
        "metadata": lambda: client.get_metadata(format="json"),
        "metadata_csv": lambda: client.get_metadata(forms=["dm"]),
        "users": client.get_users,
        "dags": client.get_dags,
        "logs": lambda: client.get_logs(format="json"),
        "records": lambda: client.export_records(format="json", forms=["ae"]),
        "records_csv": lambda: client.export_records(forms=["ae"], pd_read_csv_kwargs=as_text),
        "labels": lambda: client.export_records(format="json", fields=["sex"], rawOrLabel="label"),
        "written": lambda: client.import_records(data=[{"subject_id": "HZ01-001", "sex": "F"}]),
        "deleted": lambda: client.delete_records(records=["HZ01-001"]),
        "stranger": RedcapClient(f"{url}/redcap/api/", "0" * 32).get_version,
    }
    json.dump({name: told(call) for name, call in calls.items()}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
