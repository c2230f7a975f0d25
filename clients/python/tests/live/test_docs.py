"""Runs the programs of the README and of docs/clients.md, and checks their types."""

from __future__ import annotations

import os
import re
import runpy
import shutil
from pathlib import Path

import pytest
from mypy import api

from .conftest import TOKEN, URL

ROOT = Path(__file__).resolve().parents[4]
PAGES = ("clients/python/README.md", "docs/clients.md")


def programs(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", (ROOT / page).read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


FOUND = [(page, at) for page in PAGES for at in range(len(programs(page)))]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "examples/front-yard.jpg", "style.jpg")
    monkeypatch.setenv("GENWARDEN_URL", URL)
    monkeypatch.setenv("GENWARDEN_TOKEN", TOKEN)
    return tmp_path


@pytest.mark.parametrize(("page", "at"), FOUND, ids=[f"{page}-{at}" for page, at in FOUND])
def test_programs_run(page: str, at: int, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = folder / "program.py"
    program.write_text(programs(page)[at].replace("http://127.0.0.1:8080", URL))
    runpy.run_path(str(program), run_name="__main__")
    assert capsys.readouterr().out


def test_programs_are_typed(folder: Path) -> None:
    files = []
    for number, (page, at) in enumerate(FOUND):
        files.append(folder / f"program{number}.py")
        files[-1].write_text(programs(page)[at])
    assert len(files) >= len(PAGES) * 2
    os.chdir(ROOT / "clients/python")
    report, errors, code = api.run(["--strict", *map(str, files)])
    assert (report.startswith("Success"), errors, code) == (True, "", 0), report
