"""The files around the code say what the code says."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

import domain
from adapters.backends import PREFIX
from adapters.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / ".env.example"
VARIABLE = re.compile(r"^#(SOCIAL_\w+)=(.*)$", re.MULTILINE)
REGISTRY = re.compile(r"pypi\.org|pythonhosted\.org|--(extra-)?index-url|--find-links", re.IGNORECASE)
TEXTS = (
    "*.md",
    "*.toml",
    "*.txt",
    "*.yaml",
    "*.yml",
    "Dockerfile",
    "Makefile",
    ".env.example",
    ".ci/*",
    "docs/**/*.md",
)


def imported(paths: Iterable[Path]) -> set[str]:
    """The top-level names that the files import, wherever in them."""
    found: set[str] = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path} imports relatively"
                found.add(node.module or "")
    return {name.partition(".")[0] for name in found}


def variables(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, object]]:
    """Every variable that the model reads, and its default."""
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            yield from variables(type(field.default), f"{prefix}{name}__")
        else:
            yield f"{prefix}{name}".upper(), field.default


def required(name: str) -> str:
    """The normal name of the package in a requirement such as `Some_Package>=1.2`."""
    return re.split(r"[^\w.-]", name, maxsplit=1)[0].lower().replace("_", "-")


def test_the_domain_imports_the_standard_library_alone() -> None:
    """No file of the domain imports a package that has to be installed, or another layer."""
    assert imported((ROOT / "domain").rglob("*.py")) <= sys.stdlib_module_names | {"domain"}


def test_the_container_imports_no_way_in() -> None:
    """The wiring knows the adapters and the domain, and nothing else of Holdfast or of a framework."""
    allowed = sys.stdlib_module_names | {"adapters", "dependency_injector", "domain"}
    assert imported([ROOT / "containers.py"]) <= allowed


def test_env_example_names_every_setting() -> None:
    """Each setting stands in .env.example once, in the order of the settings, and nothing else does."""
    assert [name for name, _ in VARIABLE.findall(EXAMPLE.read_text())] == [
        name for name, _ in variables(Settings, PREFIX)
    ]


def test_env_example_shows_the_defaults(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Uncommenting .env.example changes nothing, and only settings without a default stand there without a value."""
    shown = VARIABLE.findall(EXAMPLE.read_text())
    assert {name for name, value in shown if not value} == {
        name for name, default in variables(Settings, PREFIX) if default is None
    }
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text("".join(f"{name}={value}\n" for name, value in shown if value))
    read = Settings()
    assert read.model_fields_set == set(Settings.model_fields)
    assert read == settings


def test_the_changelog_begins_with_this_version() -> None:
    """The newest version in CHANGELOG.md is the one that the package has."""
    newest = re.search(r"^## \[?(\d[^\s\]]*)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert newest[1] == domain.__version__


def test_every_direct_dependency_is_pinned() -> None:
    """constraints.txt holds names and versions alone, and one for each package that the service and its tests need."""
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    needed = {required(name) for name in [*project["dependencies"], *extras["fast"], *extras["dev"]]}
    assert needed <= {required(line) for line in lines}


def test_no_file_says_where_packages_come_from() -> None:
    """Which registry is used is for the machine that installs to say."""
    files = [path for pattern in TEXTS for path in ROOT.glob(pattern) if path.is_file()]
    assert [str(path) for path in files if REGISTRY.search(path.read_text())] == []
