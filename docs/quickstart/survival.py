"""Read the newest data cut of a registry and say how long its subjects live.

    CHIMERA_URL=https://registry.example CHIMERA_TOKEN=… python survival.py

Needs pandas. `/api/v1/locks/latest/tables` says what each column means.
"""

import io
import os
import urllib.request

import pandas


def table(name: str) -> pandas.DataFrame:
    """A table of the newest finished cut."""
    url = f"{os.environ['CHIMERA_URL']}/api/v1/locks/latest/tables/{name}/csv"
    request = urllib.request.Request(url, headers={"Authorization": f"Token {os.environ['CHIMERA_TOKEN']}"})
    with urllib.request.urlopen(request) as answer:
        return pandas.read_csv(io.BytesIO(answer.read()))


def main() -> None:
    ends = table("ADTTE")
    survival = ends[ends["PARAMCD"] == "OS"]
    infused = table("ADSL")["TRTSDT"].notna().sum()
    died = (survival["STATUS"] == 1).sum()
    print(f"{infused} infused, {died} died, followed for {survival['AVAL'].median():.0f} days in the median")


if __name__ == "__main__":
    main()
