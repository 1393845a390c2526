"""`python -m analytics.survival` as others run it: R's answers come out, what is refused is named."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from analytics.survival_of_file.command import main

HERE = Path(__file__).parent / "survival"
ROOT = Path(__file__).parents[2]


def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "analytics.survival", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def answered(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    assert main([*map(str, arguments), "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return json.loads(out)


def r(name: str) -> Any:
    return json.loads((HERE / "json" / f"{name}.json").read_text())


def test_the_command_gives_the_answers_of_r() -> None:
    file, answer = HERE / "data" / "x16_heavy_ties.csv", r("x16_heavy_ties")
    times = answer["km_any_event"]["1"]["times"][:-1]  # nobody of group 2 is left at the last of them
    asked = ("--time", "time", "--status", "status", "--group", "group", "--json", "--times", *times)
    done = run(file, *asked)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    for group in found["groups"]:
        expected = answer["km_any_event"][group["group"]]
        shares = [row["survival"] for row in group["survival"]]
        assert shares == pytest.approx(expected["surv"][:-1], abs=1e-9)
    test = found["tests"]["logrank"]
    expected = answer["logrank"]
    assert (test["statistic"], test["df"], test["p_value"]) == pytest.approx(
        (expected["chisq"], expected["df"], expected["p"]), rel=1e-9
    )


def test_what_is_refused_goes_to_standard_error_alone(tmp_path: Path) -> None:
    file = tmp_path / "wrong.csv"
    file.write_text("t,s\n1,1\n-2,0\n")
    done = run(file, "--time", "t", "--status", "s", "--times", 1, "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "line 3, column t: '-2' is negative\n"


def test_limits_and_numbers_at_risk_are_those_of_r(capsys: pytest.CaptureFixture[str]) -> None:
    answer = r("syn19_os")["km_any_event"]["all"]
    known = [
        (time, *numbers)
        for time, *numbers in zip(
            answer["times"], answer["n_risk"], answer["surv"], answer["ci"]["log"]["lower"], strict=True
        )
        if time <= 578
    ]
    file = HERE / "data" / "syn19_os.csv"
    found = answered(
        capsys, file, "--time", "time", "--status", "status", "--times", *(one[0] for one in known)
    )
    for row, (time, n_risk, survival, lower) in zip(found["groups"][0]["survival"], known, strict=True):
        assert (row["time"], row["n_risk"]) == (time, n_risk)
        assert (row["survival"], row["lower"]) == pytest.approx((survival, lower), abs=1e-9)


def test_causes_above_1_give_incidences_and_grays_test(capsys: pytest.CaptureFixture[str]) -> None:
    file = HERE / "gray" / "follic.csv"
    asked = ("--time", "time", "--status", "status", "--group", "group", "--times", 5)
    found = answered(capsys, file, *asked)
    expected = json.loads((HERE / "gray" / "answers.json").read_text())["answers"]["follic"]
    assert found["tests"]["gray"].keys() == expected.keys()
    for cause, result in found["tests"]["gray"].items():
        assert result["statistic"] == pytest.approx(expected[cause]["chisq"], rel=1e-9)
    for group in found["groups"]:
        free = group["survival"][0]["survival"]
        assert free + sum(rows[0]["incidence"] for rows in group["incidence"].values()) == pytest.approx(1)


def test_late_entries_are_read_and_not_tested(capsys: pytest.CaptureFixture[str]) -> None:
    answer = r("x08_lt_risk_set_empties")["km_any_event"]["all"]
    file = HERE / "data" / "x08_lt_risk_set_empties.csv"
    found = answered(capsys, file, "--time", "time", "--status", "status", "--entry", "entry", "--times", 2)
    place = answer["times"].index(2)
    row = found["groups"][0]["survival"][0]
    assert (row["n_risk"], row["survival"]) == (answer["n_risk"][place], answer["surv"][place])
    assert (row["lower"], row["upper"]) == (None, None)
    assert found["tests"] == {"logrank": None, "gray": {}, "reason": "no test with late entry"}


def test_nothing_is_said_beyond_the_longest_observed_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "short.csv"
    file.write_bytes("\N{BOM}t,s\r\n3,1\r\n\r\n5,0\r\n".encode())
    found = answered(capsys, file, "--time", "t", "--status", "s", "--times", 5, 6)
    at, beyond = found["groups"][0]["survival"]
    assert (at["n_risk"], at["survival"]) == (1, 0.5)
    assert beyond == dict.fromkeys(at) | {"time": 6.0, "n_risk": 0}
    assert found["tests"]["reason"] == "one group alone"


def test_without_json_it_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    file = HERE / "gray" / "follic.csv"
    asked = ["--time", "time", "--status", "status", "--group", "group", "--times", "5"]
    assert main([str(file), *asked]) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [line[:2] for line in lines[1:5]] == [
        ["1", "survival"],
        ["1", "incidence 1"],
        ["1", "incidence 2"],
        ["1", "median"],
    ]
    assert lines[-2][:2] == ["Gray 1", "chi-squared 8.76923"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("t,s,g,e\n", "line 2: no observation"),
        ("", "line 1, column t: no such column"),
        ("t,s,g\n1,1,A\n", "line 1, column e: no such column"),
        ("t,t,s,g,e\n", "line 1, column t: more than one column of this name"),
        ("t,s,g,e\n1,1,A,0\nx,1,A,0\n", "line 3, column t: 'x' is not a number"),
        ("t,s,g,e\n1,1,A,0\n,1,A,0\n", "line 3, column t: '' is not a number"),
        ("t,s,g,e\ninf,1,A,0\n", "line 2, column t: 'inf' is not finite"),
        ("t,s,g,e\n1,0.5,A,0\n", "line 2, column s: '0.5' is not a whole number from 0 up"),
        ("t,s,g,e\n1,-1,A,0\n", "line 2, column s: '-1' is not a whole number from 0 up"),
        ("t,s,g,e\n1,1, ,0\n", "line 2, column g: '' is no group"),
        ("t,s,g,e\n1,1,A,1\n", "line 2, column e: '1' is not before its time 1"),
        ('t,s,g,e\n1,1,"A\nB",0\n1,1,A\n', "line 4: 3 cells under 4 columns"),
        ('t,s,g,e\n1,1,"A"B,0\n', "line 2: ',' expected after '\"'"),
    ],
)
def test_a_wrong_file_is_named_by_line_and_column(
    content: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "wrong.csv"
    file.write_text(content)
    asked = ["--time", "t", "--status", "s", "--group", "g", "--entry", "e", "--times", "1"]
    assert main([str(file), *asked]) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"{message}\n")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "latin.csv").write_bytes(b"t,s\n1,\xe9\n")
    for name, why in (("none.csv", "No such file or directory"), ("latin.csv", "not UTF-8 at byte 6")):
        assert main([str(tmp_path / name), "--time", "t", "--status", "s", "--times", "1"]) == 2
        assert capsys.readouterr().err == f"{tmp_path / name}: {why}\n"


@pytest.mark.parametrize("moment", ["-1", "nan", "inf", "soon"])
def test_a_wrong_moment_is_refused(moment: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["any.csv", "--time", "t", "--status", "s", f"--times={moment}"])
    assert "--times" in capsys.readouterr().err
