"""The command line as a person or a script meets it."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from packshot.cli import app, main
from tests.tiny import make_pack, make_photos

ROOT = Path(__file__).parents[1]
ENVIRONMENT = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
COMMAND = [sys.executable, "-m", "packshot"]


def packshot(*arguments: object) -> Result:
    """The command within this process."""
    return CliRunner(env={"COLUMNS": "120", "NO_COLOR": "1"}).invoke(app, [str(argument) for argument in arguments])


def packshot_process(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own."""
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, env=ENVIRONMENT)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pack(tmp_path_factory.mktemp("pack"))


def test_help_is_quick_and_names_the_commands() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = packshot_process("--help")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0
    assert done.returncode == 0
    assert all(f" {name} " in done.stdout for name in ("run", "bench", "doctor", "packs"))


def test_help_loads_no_image_library() -> None:
    done = subprocess.run(
        [*COMMAND[:1], "-X", "importtime", *COMMAND[1:], "run", "--help"], capture_output=True, text=True
    )
    loaded = {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if line.count("|") == 2}
    assert "typer" in loaded
    assert loaded & {"numpy", "cv2", "onnxruntime", "PIL"} == set()


def test_version_names_package_and_pack() -> None:
    assert re.fullmatch(r"packshot \d+\.\d+\.\d+, base pack \S+\n", packshot("--version").stdout)


def test_run_finishes_photos_and_tells_of_the_bad_ones(tmp_path: Path, pack: Path) -> None:
    make_photos(tmp_path / "in", 2)
    (tmp_path / "in/bad.jpg").write_bytes(b"no photo")
    done = packshot("run", tmp_path / "in", "--out", tmp_path / "out", "--pack", pack)
    assert done.exit_code == 1
    assert "failed: bad.jpg: this is text, not a photo" in done.stderr
    assert "3 photos in" in done.stdout
    assert "0 published, 2 to review, 1 failed." in done.stdout
    (tmp_path / "in/bad.jpg").unlink()
    again = packshot("run", tmp_path / "in", "--out", tmp_path / "out", "--pack", pack, "--json")
    assert again.exit_code == 0
    summary = json.loads(again.stdout)
    assert (summary["photos"], summary["review"], summary["skipped"], summary["failures"]) == (2, 2, 2, [])


def test_a_dry_run_tells_what_is_to_do_and_writes_nothing(tmp_path: Path, pack: Path) -> None:
    make_photos(tmp_path / "in", 2)
    asked = ("run", tmp_path / "in", "--out", tmp_path / "out", "--pack", pack)
    told = packshot(*asked, "--dry-run", "--json")
    assert told.exit_code == 0
    assert [each["name"] for each in json.loads(told.stdout)["todo"]] == ["photo-000", "photo-001"]
    assert not (tmp_path / "out").exists()
    assert packshot(*asked).exit_code == 0
    before = (tmp_path / "out/run.jsonl").stat().st_mtime_ns
    make_photos(tmp_path / "in", 3)
    assert packshot(*asked, "--dry-run").stdout == "1 photo to do, 2 done already. Nothing was written.\n"
    assert (tmp_path / "out/run.jsonl").stat().st_mtime_ns == before


def test_a_run_says_what_comes_next(tmp_path: Path, pack: Path) -> None:
    make_photos(tmp_path / "in", 1)
    done = packshot("run", tmp_path / "in", "--out", tmp_path / "my shots", "--pack", pack)
    assert "1 photo in" in done.stdout
    assert f"packshot review '{tmp_path / 'my shots'}'" in done.stdout
    assert "Nothing is published unseen" in done.stderr


def test_what_is_not_installed_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacking() -> None:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr("packshot.cli.app", lacking)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "pip install 'packshot[learn]'" in capsys.readouterr().err


def test_run_with_a_manifest_and_json(tmp_path: Path, pack: Path) -> None:
    make_photos(tmp_path, 2)
    (tmp_path / "m.csv").write_text("source,category,product\nphoto-000.jpg,blues,P1\nphoto-001.jpg,blue,P2\n")
    done = packshot("run", "--manifest", tmp_path / "m.csv", "--out", tmp_path / "out", "--pack", pack, "--json")
    assert done.exit_code == 1
    assert [(each["source"], each["problem"]) for each in json.loads(done.stdout)["failures"]] == [
        ("../photo-001.jpg", "input")
    ]
    first, second = (json.loads(line) for line in (tmp_path / "out/run.jsonl").read_text().splitlines())
    assert (first["category"], first["product"], second["product"]) == ("blues", "P1", "P2")
    assert "'blue' is not known; use one of blues, greens, reds" in second["error"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("run", "--out", "out"), "no photos are given"),
        (("run", "in"), "Missing option '--out'"),
        (("run", "nowhere", "--out", "out"), "there is no nowhere: check the path"),
        (("run", "in", "--out", "out", "--pack", "nowhere"), "there is no pack 'nowhere'"),
        (("run", "in", "--out", "out", "--category", "boats"), "the category 'boats' is not known"),
        (("run", "in", "--out", "out", "--workers", "0"), "Invalid value for '--workers'"),
        (("run", "in", "--out", "out", "--style", "bad.toml"), "bad.toml is not valid TOML"),
        (("fly",), "No such command 'fly'"),
    ],
)
def test_wrong_use_ends_with_status_2_and_a_sentence(
    tmp_path: Path, pack: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], sentence: str
) -> None:
    make_photos(tmp_path / "in", 1)
    (tmp_path / "bad.toml").write_text("aspect = = 2")
    monkeypatch.chdir(tmp_path)
    if arguments[0] == "run" and "--pack" not in arguments:
        arguments = (*arguments, "--pack", str(pack))
    done = packshot(*arguments)
    assert done.exit_code == 2
    assert sentence in " ".join(done.stderr.split())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopping_is_clean_and_the_run_goes_on_later(
    tmp_path: Path, pack: Path, number: signal.Signals, status: int
) -> None:
    make_photos(tmp_path / "in", 12)
    arguments = ["run", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--pack", str(pack), "--workers", "2"]
    # A process in the background inherits that Ctrl-C means nothing; what is stopped here is one in the foreground.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    signal.signal(signal.SIGINT, before)
    lines = tmp_path / "out/run.jsonl"
    while process.poll() is None and not (lines.is_file() and lines.read_bytes().count(b"\n") >= 2):
        time.sleep(0.01)
    os.killpg(process.pid, number)  # as a terminal does: to the workers too
    _, errors = process.communicate(timeout=60)
    assert process.returncode == status
    assert "run the same command again to go on" in errors
    assert "Traceback" not in errors
    noted = [json.loads(line) for line in lines.read_text().splitlines()]
    assert 2 <= len(noted) < 12
    assert {line["route"] for line in noted} == {"review"}
    assert not list((tmp_path / "out").rglob("*.part"))
    assert not (tmp_path / "out/.packshot.lock").exists()
    assert packshot(*arguments).exit_code == 0
    assert len(lines.read_text().splitlines()) == 12


def test_a_second_run_in_the_same_folder_is_refused(tmp_path: Path, pack: Path) -> None:
    from packshot.batch.lock import only_run_in

    make_photos(tmp_path / "in", 1)
    (tmp_path / "out").mkdir()
    with only_run_in(tmp_path / "out"):
        done = packshot("run", tmp_path / "in", "--out", tmp_path / "out", "--pack", pack)
    assert done.exit_code == 2
    assert "another run is writing to" in done.stderr


def test_packs_are_described_and_checked(tmp_path: Path, pack: Path) -> None:
    [described] = json.loads(packshot("packs", pack, "--json").stdout)
    assert (described["name"], described["categories"], described["problems"]) == (
        "tiny",
        ["reds", "greens", "blues"],
        [],
    )
    assert "unseen       no certificate: every photo goes to review" in packshot("packs", pack).stdout
    broken = make_pack(tmp_path / "broken")
    (broken / "product.onnx").unlink()
    done = packshot("packs", broken)
    assert done.exit_code == 1
    assert "product.onnx is missing" in done.stdout


def test_doctor_tells_of_formats_and_missing_extras() -> None:
    done = packshot("doctor", "--json")
    checks = {check["subject"]: check for check in json.loads(done.stdout)}
    assert {checks[name]["state"] for name in ("JPEG", "PNG", "TIFF", "WebP", "AVIF", "HEIC", "numpy")} == {"ok"}
    assert all("pip install" in check["text"] for check in checks.values() if check["state"] == "absent")
    assert done.exit_code == int(any(check["state"] == "broken" for check in checks.values()))


def test_bench_measures_every_step_against_the_floor(pack: Path) -> None:
    done = packshot("bench", "--megapixels", 1, "--runs", 1, "--pack", pack, "--json")
    report = json.loads(done.stdout)
    assert report["total_ms"] > report["decode_encode_ms"] > 0
    assert report["ratio"] == pytest.approx(report["total_ms"] / report["decode_encode_ms"], rel=0.01)
    assert {"decode", "network", "predict color", "judge", "encode"} <= set(report["steps_ms"])
    assert sum(report["steps_ms"].values()) == pytest.approx(report["total_ms"], rel=0.02)
    assert 50 < report["peak_rss_mb"] < 1000
