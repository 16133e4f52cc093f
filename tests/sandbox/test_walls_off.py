"""Running without walls is written down; with walls nothing of the kind is."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_cbs.broker.authority import Authority
from jupyter_cbs.broker.deployment import Deployment
from jupyter_cbs.domain.errors import Refused
from jupyter_cbs.server import paths


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    with tempfile.TemporaryDirectory(prefix="cbt-", dir="/tmp") as folder:
        made = Deployment(Path(folder))
        made.catalogue.mkdir()
        shutil.copytree(paths.policies(), made.policies)
        yield made


def actions(deployment: Deployment, unsandboxed: bool) -> list[str]:
    authority = Authority(deployment, unsandboxed)
    try:
        with authority.store.view() as state:
            return [event.action for event in state.events()]
    finally:
        authority.close()


def test_a_start_without_walls_is_in_the_audit(deployment: Deployment) -> None:
    deployment.mark.write_text('{"real": false}')
    assert "walls.off" not in actions(deployment, unsandboxed=False)
    assert actions(deployment, unsandboxed=True).count("walls.off") == 1
    assert actions(deployment, unsandboxed=True).count("walls.off") == 2


@pytest.mark.parametrize("mark", [None, "", "[]", "{}", '{"real": true}', '{"real": 0}'])
def test_without_the_mark_of_generated_data_it_does_not_start(deployment: Deployment, mark: str | None) -> None:
    if mark is not None:
        deployment.mark.write_text(mark)
    with pytest.raises(Refused) as caught:
        Authority(deployment, True)
    assert caught.value.code == "not_a_demo"
