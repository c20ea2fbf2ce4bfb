"""A PostgreSQL of the tests' own, in a folder, reached through a socket in it; it may be killed and started again."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg

_BUILT = sorted(glob.glob("/usr/lib/postgresql/*/bin"))


def _program(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([*reversed(_BUILT), os.environ.get("PATH", "")]))
    assert found is not None, "PostgreSQL is not installed: run make test as root, or install postgresql"
    return found


class Server:
    """A running server. PostgreSQL refuses to run as root, so it then runs as an unprivileged user."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._user = pwd.getpwnam("postgres" if "postgres" in {u.pw_name for u in pwd.getpwall()} else "nobody")
        folder.mkdir(parents=True)
        if os.getuid() == 0:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        (options,) = [{"user": self._user.pw_uid, "group": self._user.pw_gid} if os.getuid() == 0 else {}]
        self._options = options
        made = [_program("initdb"), "-D", str(folder / "data"), "-U", "packshot", "--auth=trust", "--no-sync"]
        subprocess.run(made, check=True, capture_output=True, cwd=folder, **options)  # type: ignore[call-overload]

    def start(self) -> None:
        """Starts it, also after a kill, and waits until it answers."""
        settings = [
            "-c",
            "listen_addresses=",
            "-c",
            f"unix_socket_directories={self.folder}",
            "-c",
            "shared_buffers=16MB",
        ]
        command = [_program("postgres"), "-D", str(self.folder / "data"), *settings]
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=self.folder, start_new_session=True, **self._options
        )
        deadline = time.monotonic() + 60
        while True:
            try:
                with psycopg.connect(self.dsn("postgres")):
                    return
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (self.folder / "log").read_text()
                time.sleep(0.05)

    def kill(self) -> None:
        """As a power cut would: every process of it at once."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)

    def dsn(self, database: str) -> str:
        """Where a database of it is reached."""
        return f"host={self.folder} user=packshot dbname={database}"

    def empty_database(self) -> str:
        """The URL of a database that holds nothing."""
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        return f"postgresql://packshot@/postgres?host={self.folder}"
