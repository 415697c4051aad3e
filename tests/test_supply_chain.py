"""What the product is built from: pinned, hashed, licensed as told, listed; and the threats named with their tests."""

import json
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from bot import sbom
from tests.test_commands_line import Typed, typed  # noqa: F401  the fixture
from tests.world import MORNING

ROOT = Path(__file__).resolve().parent.parent
LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")
PINS = dict(re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", LOCK, re.M))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

FAMILIES = {
    "MIT": ("MIT",),
    "BSD": ("BSD",),
    "Apache-2.0": ("Apache",),
    "PSF-2.0, ISC, MPL-2.0, MIT-CMU": ("PSF", "Python Software", "ISC", "MPL", "Mozilla", "MIT-CMU"),
    "LGPL": ("LGPL", "Lesser"),
}


# ---------------------------------------------------------------- the lock


def test_every_dependency_is_pinned_within_its_range() -> None:
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["postgres"]]
    assert len(wanted) > 15
    for line in wanted:
        requirement = Requirement(line)
        assert requirement.specifier.contains(PINS[sbom.normal(requirement.name)]), line


def test_everything_below_them_is_pinned_as_well() -> None:
    needed = set(sbom.installed()) - {sbom.PRODUCT}
    assert len(needed) > 40
    assert needed <= set(PINS), "pip install would take these from wherever it finds them"


def test_every_pin_has_hashes_and_nothing_else_is_fetched() -> None:
    blocks = re.split(r"^(?=[a-z0-9._-]+==)", LOCK, flags=re.M)[1:]
    assert len(blocks) == len(PINS)
    for block in blocks:
        hashes = re.findall(r"--hash=sha256:[0-9a-f]{64}(?![0-9a-f])", block)
        assert hashes, block.splitlines()[0]
        rest = re.sub(r"--hash=sha256:[0-9a-f]{64}|\\$|#.*$", "", block, flags=re.M).split("\n", 1)[1]
        assert rest.strip() == "", block.splitlines()[0]


# ---------------------------------------------------------------- licences


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_licences_are_those_of_the_packages_themselves(name: str) -> None:
    readme = (ROOT / name).read_text(encoding="utf-8")
    table = re.findall(r"^\| (MIT|BSD|Apache-2\.0|PSF-2\.0[^|]*|LGPL) \| (.+) \|$", readme, re.M)
    assert len(table) == len(FAMILIES)
    checked = 0
    for family, packages in table:
        words = FAMILIES[next(known for known in FAMILIES if known.startswith(family[:3]))]
        for package in re.findall(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", re.sub(r"\([^)]*\)|（[^）]*）", "", packages)):
            if package not in PINS:
                continue
            try:
                told = sbom.licence(metadata.distribution(package))
            except metadata.PackageNotFoundError:
                continue  # for another system
            assert any(word in told for word in words), f"{package}: «{told}» is not {family}"
            checked += 1
    assert checked > 45


# ---------------------------------------------------------------- the bill of materials


def test_the_bill_lists_exactly_what_is_installed() -> None:
    bill = sbom.document(MORNING)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", bill["serialNumber"])
    assert bill["metadata"]["component"]["version"] == PROJECT["version"]
    listed = {one["name"]: one for one in bill["components"]}
    assert set(listed) <= set(PINS)
    assert {sbom.normal(Requirement(line).name) for line in PROJECT["dependencies"]} <= set(listed)
    for name, one in listed.items():
        assert one["version"] == metadata.version(name)
        assert one["licenses"][0]["license"]["name"], name
    refs = {one["bom-ref"] for one in bill["components"]} | {bill["metadata"]["component"]["bom-ref"]}
    assert {one["ref"] for one in bill["dependencies"]} == refs
    assert all(set(one["dependsOn"]) <= refs for one in bill["dependencies"])


def test_equal_installations_have_equal_bills() -> None:
    assert sbom.document(MORNING) == sbom.document(MORNING)


def test_the_command_writes_it(typed: Typed, tmp_path: Path) -> None:  # noqa: F811
    assert json.loads(typed("sbom").output)["bomFormat"] == "CycloneDX"
    assert typed("sbom", "--to", "sbom.json").exit_code == 0
    assert json.loads((tmp_path / "sbom.json").read_text(encoding="utf-8"))["components"]
    assert typed("sbom", "--to", "sbom.json").exit_code == 1


# ---------------------------------------------------------------- the threat model


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_every_threat_names_tests_that_exist(name: str) -> None:
    readme = (ROOT / name).read_text(encoding="utf-8")
    rows = re.findall(r"^\|.*`test_\w+\.py.*\|$", readme, re.M)
    assert len(rows) >= 20
    for row in rows:
        for file, case in re.findall(r"`(test_\w+\.py)(?:::(\w+))?`", row):
            source = ROOT / "tests" / file
            assert source.exists(), file
            if case:
                assert re.search(rf"def {case}\b", source.read_text(encoding="utf-8")), f"{file}::{case}"


def test_both_readmes_name_the_same_threats() -> None:
    named = [
        re.findall(r"`(test_\w+\.py(?:::\w+)?)`", (ROOT / name).read_text(encoding="utf-8"))
        for name in ("README.md", "README.zh-CN.md")
    ]
    assert sorted(set(named[0])) == sorted(set(named[1]))
