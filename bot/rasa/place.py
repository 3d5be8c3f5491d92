"""Where Rasa lives on this machine: its environment, the model made of the project, and its server."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from bot.rasa.door import token
from core.errors import Unavailable
from core.settings import ROOT, settings

ENVIRONMENT = ROOT / ".rasa"
SERVER = Path(__file__).parent / "server"
STARTS_WITHIN = 180  # seconds; it takes 25 to 40 on two cores
POLLED_EVERY = 0.5  # seconds
LAST_LINES = 12  # of a log, that say what is wrong


def python() -> Path:
    """Return the Python of Rasa's environment. Raises Unavailable where it is not installed."""
    found = ENVIRONMENT / "bin" / "python"
    if not (ENVIRONMENT / "yitong.stamp").is_file() or not found.exists():
        raise Unavailable("Rasa is not installed here; run ./yitong rasa install (about 2.2 GB).")
    return found


def version() -> tuple[str, str]:
    """Return the versions of Rasa and of its Python. Raises Unavailable where it is not installed."""
    code = "import sys; from importlib.metadata import version; print(version('rasa'), '%d.%d' % sys.version_info[:2])"
    said = subprocess.run([python(), "-c", code], capture_output=True, text=True, check=False)
    if said.returncode:
        raise Unavailable("The environment of Rasa is broken; delete .rasa and run ./yitong rasa install.")
    rasa, its_python = said.stdout.split()
    return rasa, its_python


def model() -> Path:
    """Return where the model of the project as it is now belongs, whether it has been trained or not."""
    project = _project()
    digest = hashlib.sha256()
    for file in sorted(each for each in project.rglob("*.y*ml") if ".rasa" not in each.parts):
        digest.update(f"{file.relative_to(project)}\0".encode() + file.read_bytes())
    return _folder() / "models" / f"{digest.hexdigest()[:16]}.tar.gz"


def train() -> Path:
    """Train the model of the project and return it; other models are removed. Raises Unavailable when Rasa refuses."""
    made = model()
    command: list[str | Path] = [python(), "-m", "rasa", "train", "core", "--domain", "domain.yml", "--stories", "data"]
    command += ["--config", "config.yml", "--out", made.parent, "--fixed-model-name", made.name.removesuffix(".tar.gz")]
    log = _folder() / "train.log"
    with log.open("w") as file:
        done = subprocess.run(command, cwd=_project(), env=_environment(), stdout=file, stderr=file, check=False)
    if done.returncode or not made.is_file():
        raise Unavailable(f"Rasa could not be trained; {log} says why:\n{_end_of(log)}")
    for other in made.parent.glob("*.tar.gz"):
        if other != made:
            other.unlink()
    return made


def start() -> int:
    """Run Rasa until told to stop, trained anew where the project has changed; return its exit status.

    Says when it is ready. Raises Unavailable when it does not start.
    """
    trained = model() if model().is_file() else train()
    port = urlsplit(settings().rasa_url).port
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise Unavailable(f"Port {port} is in use; stop the program that holds it, or set YITONG_RASA_URL.")
    log = _folder() / "server.log"
    with log.open("w") as file:
        server = subprocess.Popen(
            [python(), SERVER / "serve.py", trained, str(port)],
            cwd=_project(),
            env=_environment(),
            stdout=file,
            stderr=file,
        )
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    try:
        _wait(server, log)
        sys.stdout.write(f"Rasa is ready: {settings().rasa_url}\n")
        sys.stdout.flush()
        return server.wait()
    except KeyboardInterrupt:
        return 130
    finally:
        server.terminate()
        server.wait()


def ready() -> bool:
    """Say whether Rasa answers with its model loaded."""
    with suppress(httpx.HTTPError):
        address = f"{settings().rasa_url}/status"
        return httpx.get(address, params={"token": token()}, trust_env=False, timeout=2).is_success
    return False


def doubt() -> str:
    """Return a sentence where the line is set to use Rasa and Rasa does not answer; nothing where all is well."""
    if settings().dialogue != "rasa" or ready():
        return ""
    return f"Rasa does not answer at {settings().rasa_url}; the built-in engine answers until ./yitong rasa start runs."


def _wait(server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while not ready():
        if server.poll() is not None or time.monotonic() > until:
            raise Unavailable(f"Rasa did not start; {log} says why:\n{_end_of(log)}")
        time.sleep(POLLED_EVERY)


def _project() -> Path:
    folder = settings().rasa_project.expanduser().absolute()
    if not (folder / "domain.yml").is_file():
        raise Unavailable(f"{folder} holds no domain.yml; YITONG_RASA_PROJECT names the folder of a Rasa project.")
    return folder


def _folder() -> Path:
    folder = settings().data.expanduser() / "rasa"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _environment() -> dict[str, str]:
    return os.environ | {
        "YITONG_RASA_TOKEN": token(),
        "RASA_TELEMETRY_ENABLED": "false",
        "RASA_CACHE_DIRECTORY": str(_folder() / "cache"),
        "PYTHONPATH": str(SERVER),
        "PYTHONWARNINGS": "ignore",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-LAST_LINES:])
