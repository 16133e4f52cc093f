"""Taking over changes while the broker runs; a mistake keeps the last good version."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_cbs.policy import PolicyDirectory, PolicyInvalid

PROJECT = "projects/9001.yaml"


def rewrite(path: Path, edit: Callable[[str], str]) -> None:
    """Replace a file as careful editors do: written beside, then renamed."""
    fresh = path.with_suffix(".new")
    fresh.write_text(edit(path.read_text()))
    fresh.rename(path)


def test_nothing_changed_is_no_reload(directory: Path) -> None:
    policies = PolicyDirectory(directory)
    before = policies.current
    assert [policies.reload(), policies.reload()] == [False, False]
    assert policies.current is before


def test_a_valid_change_is_taken_over(directory: Path) -> None:
    policies = PolicyDirectory(directory)
    version = policies.current.version
    rewrite(directory / PROJECT, lambda text: text.replace("title: Health costs and income", "title: Health costs"))
    assert policies.reload() is True
    assert policies.current.project("9001").title == "Health costs"
    assert policies.current.version != version
    assert policies.reload() is False


def test_a_change_of_the_same_size_within_one_tick_is_seen(directory: Path) -> None:
    policies = PolicyDirectory(directory)
    path = directory / PROJECT
    info = path.stat()
    with path.open("r+") as file:
        text = file.read()
        file.seek(0)
        file.write(text.replace("Health costs", "Wealth costs"))
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert policies.reload() is True
    assert policies.current.project("9001").title == "Wealth costs and income"


def test_an_invalid_change_keeps_the_last_good_version_and_says_so(directory: Path) -> None:
    policies = PolicyDirectory(directory)
    before = policies.current
    rewrite(directory / PROJECT, lambda text: text.replace("role: viewer", "role: boss"))
    rewrite(directory / "projects/9002.yaml", lambda text: text.replace("Suspects", "Convicts"))
    assert policies.reload() is True
    assert policies.current is before  # not even the valid half of the change
    assert [(p.file, p.field) for p in policies.problems] == [(PROJECT, "members[2].role")]
    assert policies.reload() is False
    rewrite(directory / PROJECT, lambda text: text.replace("role: boss", "role: viewer"))
    assert policies.reload() is True
    assert policies.problems == ()
    assert policies.current.project("9002").title.startswith("Convicts")


def test_going_back_to_the_version_in_force_clears_the_problems(directory: Path) -> None:
    policies = PolicyDirectory(directory)
    before = policies.current
    good = (directory / PROJECT).read_text()
    (directory / PROJECT).write_text(good[: len(good) // 3] + "[")
    assert policies.reload() is True
    assert policies.problems
    (directory / PROJECT).write_text(good)
    assert policies.reload() is True
    assert (policies.current, policies.problems) == (before, ())


def _unlink_default(directory: Path) -> None:
    (directory / "default.yaml").unlink()


def _remove_everything(directory: Path) -> None:
    shutil.rmtree(directory)


def _remove_projects(directory: Path) -> None:
    shutil.rmtree(directory / "projects")


def _empty(directory: Path) -> None:
    (directory / PROJECT).write_bytes(b"")


def _latin1(directory: Path) -> None:
    (directory / PROJECT).write_bytes("title: café".encode("latin-1"))


def _bomb(directory: Path) -> None:
    (directory / "default.yaml").write_text("a: &a [x, x]\nb: &b [*a, *a]\n")


def _loop(directory: Path) -> None:
    (directory / PROJECT).unlink()
    (directory / PROJECT).symlink_to("9001.yaml")


@pytest.mark.parametrize("damage", [_unlink_default, _remove_everything, _remove_projects, _empty, _latin1, _bomb, _loop])
def test_damage_is_a_problem_and_nothing_is_lost(directory: Path, damage: Callable[[Path], None]) -> None:
    policies = PolicyDirectory(directory)
    before = policies.current
    damage(directory)
    assert policies.reload() is True
    assert policies.current is before
    assert policies.problems
    assert all(problem.message.nl and problem.expected.en for problem in policies.problems)


def test_a_new_project_and_a_removed_one(directory: Path) -> None:
    policies = PolicyDirectory(directory)
    shutil.copy(directory / PROJECT, directory / "projects" / "9003.yaml")
    (directory / "projects" / "9002.yaml").unlink()
    assert policies.reload() is True
    assert list(policies.current.projects) == ["9001", "9003"]


def test_the_first_load_has_nothing_to_keep_to(directory: Path) -> None:
    (directory / "default.yaml").unlink()
    with pytest.raises(PolicyInvalid) as caught:
        PolicyDirectory(directory)
    assert [problem.file for problem in caught.value.problems] == ["default.yaml"]
    assert caught.value.from_body(caught.value.body()).code == "policy_invalid"


def test_readers_only_ever_see_whole_versions(directory: Path) -> None:
    policies = PolicyDirectory(directory)
    seen: list[set[str]] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            current = policies.current
            seen.append({project.title[-1] for project in current.projects.values()})

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for round_ in range(20):
            for name in ("9001", "9002"):
                rewrite(
                    directory / "projects" / f"{name}.yaml",
                    lambda text, end=round_: "\n".join(f"title: T{end % 10}" if line.startswith("title") else line for line in text.splitlines()),
                )
            assert policies.reload() is True
    finally:
        stop.set()
        reader.join()
    assert policies.problems == ()
    assert all(len(titles) == 1 or titles == {"e", "n"} for titles in seen)
