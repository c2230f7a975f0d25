"""Checks the client that is installed in the environment of the first argument, and prints its size. httpx comes from this one."""

import subprocess
import sys
import sysconfig
from email.parser import Parser
from pathlib import Path

PROGRAM = """
import genwarden, genwarden.types
with genwarden.Client("http://127.0.0.1:1", give_up_after=0) as client:
    try:
        client.get("j1")
    except genwarden.ApiUnreachable as error:
        print(genwarden.__file__, error.code)
"""


def main(environment: Path) -> None:
    (packages,) = environment.glob("lib/python*/site-packages")
    (described,) = packages.glob("genwarden-*.dist-info")
    metadata = Parser().parsestr((described / "METADATA").read_text("utf-8"))
    required = [each for each in metadata.get_all("Requires-Dist", []) if "python_version" not in each]
    assert required == ["httpx<1,>=0.27"], required
    assert metadata["Requires-Python"] == ">=3.10"
    assert (metadata["License-Expression"], "# Genwarden for Python" in metadata.get_payload()) == ("Apache-2.0", True)
    assert (described / "licenses/LICENSE").exists()
    assert (packages / "genwarden/py.typed").exists()
    installed = [path for path in packages.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    strangers = [path for path in installed if path.relative_to(packages).parts[0] not in ("genwarden", described.name)]
    assert strangers == [], strangers
    # The import of the installed files, not of the sources.
    found = subprocess.run(
        [str(environment / "bin/python"), "-B", "-c", PROGRAM],
        env={"PYTHONPATH": sysconfig.get_paths()["purelib"]},
        cwd=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == f"{packages / 'genwarden/__init__.py'} NoAnswer\n", found.stdout
    size = sum(path.stat().st_size for path in installed)
    print(
        f"genwarden {metadata['Version']}: {len(installed)} files, {size} bytes installed, requires {', '.join(required)}"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
