"""What Chimera depends on is pinned with its hash, and known by name (SE-11)."""

import hashlib
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ["production.txt", "development.txt", "readers.txt"]
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
pytestmark = [pytest.mark.requirement("SE-11"), pytest.mark.one_engine]


def pins(name: str) -> list[str]:
    """The requirements of a compiled file, each with its continuation lines."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return re.split(r"\n(?=\S)", "\n".join(lines))


def normalised(requirement: str) -> str:
    """The name of a distribution as registries compare it."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


def locked(name: str) -> dict[str, tuple[str, set[str]]]:
    """Version and hashes of each package of a requirements file, by its name."""
    return {
        re.match(r"[\w.-]+", pin)[0]: (re.search(r"==([^\s;]+)", pin)[1], set(HASH.findall(pin)))
        for pin in pins(name)
    }


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_requirements_name_no_address(name):
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert not [line for line in text.splitlines() if line.startswith("-")], "an option or an index"


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_requirement_is_exact_and_hashed(name):
    loose = [
        pin for pin in pins(name) if not re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+ .*--hash=sha256:", pin, re.S)
    ]
    assert loose == []


def test_development_holds_production():
    assert set(pins("production.txt")) <= set(pins("development.txt"))


def test_every_direct_dependency_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    production, development = (
        {normalised(pin): re.search(r"==([^\s;]+)", pin)[1] for pin in pins(name)}
        for name in REQUIREMENTS[:2]
    )
    assert {normalised(name) for name in project["dependencies"]} <= production.keys()
    assert {normalised(name) for name in project["optional-dependencies"]["dev"]} <= development.keys()


def test_every_direct_dependency_has_a_reason():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lists = re.findall(r"^(?:dependencies|dev) = \[\n(.*?)^\]", text, re.S | re.M)
    assert len(lists) == 2
    lines = [line for block in lists for line in block.splitlines()]
    assert [line for line in lines if not re.search(r'",\s+# \S+', line)] == []


def test_the_bill_of_materials_names_each_package_with_its_hashes(tmp_path: Path) -> None:
    written = tmp_path / "sbom.json"
    command = subprocess.run(
        ["make", "--dry-run", "sbom"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.replace("var/sbom.json", str(written))
    subprocess.run(command, shell=True, cwd=ROOT, check=True, capture_output=True)
    told = {
        part["name"]: (part["version"], {each["content"] for each in part["externalReferences"][0]["hashes"]})
        for part in json.loads(written.read_text(encoding="utf-8"))["components"]
    }
    assert told == locked("production.txt")


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A package of one module, as small as one can be."""
    path, about = tmp_path / "tiny-1.0-py3-none-any.whl", "tiny-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("tiny.py", "")
        file.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{about}/RECORD", "")
    return path


def test_a_package_of_another_hash_is_not_installed(wheel: Path, tmp_path: Path) -> None:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    flipped = ("0" if digest[0] != "0" else "1") + digest[1:]
    for given, is_taken in ((digest, True), (flipped, False)):
        listed = tmp_path / "requirements.txt"
        listed.write_text(f"tiny==1.0 --hash=sha256:{given}\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-index"]
        place = ["--find-links", str(tmp_path), "--target", str(tmp_path / given), "-r", str(listed)]
        done = subprocess.run([*command, *place], capture_output=True, text=True, check=False)
        assert (done.returncode == 0) == is_taken, done.stderr
        assert is_taken or "DO NOT MATCH" in done.stderr


def test_whatever_is_installed_is_installed_by_its_hash() -> None:
    """In the Makefile and the image; `pip` alone would take what an index gives it."""
    for name in ("Makefile", "Dockerfile"):
        text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
        installs = [line for line in text.splitlines() if re.search(r"pip (install|download)", line)]
        assert installs, name
        assert [line for line in installs if "--require-hashes" not in line] == [], name
