"""Fixtures: a broker on generated data, and kernels connected to it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from broker_process import POLICIES

from jupyter_cbs.demo.data.generator import generate
from jupyter_cbs.store.store import Store

from .real import PIN, Broker, Kernel


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target: Path = tmp_path_factory.mktemp("data") / "catalogue"
    generate(target, persons=3000, seed=7)
    return target


def _deploy(catalogue: Path) -> Iterator[Broker]:
    with tempfile.TemporaryDirectory(prefix="cbs-k-") as folder:
        broker = Broker(Path(folder))
        broker.deployment.prepare()
        shutil.copytree(POLICIES, broker.deployment.policies)
        shutil.copytree(catalogue, broker.deployment.catalogue)
        store = Store.open(broker.deployment.database, broker.deployment.state / "anchors")
        with store.begin() as tx:
            tx.set_pin("leader", PIN)
        store.close()
        broker.start()
        try:
            yield broker
        finally:
            broker.stop()


@pytest.fixture(scope="session")
def broker(catalogue: Path) -> Iterator[Broker]:
    yield from _deploy(catalogue)


@pytest.fixture
def own_broker(catalogue: Path) -> Iterator[Broker]:
    """A broker for tests that stop it."""
    yield from _deploy(catalogue)


def _kernel(broker: Broker, folder: Path, user: str = "researcher", project: str = "9001", lang: str = "en") -> Kernel:
    kernel = Kernel(broker, user, project, broker.workspace(user, project, folder), lang)
    kernel.ok("import jupyter_cbs as cbs; ws = cbs.connect()\n%load_ext jupyter_cbs")
    return kernel


@pytest.fixture(scope="module")
def kernel(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = _kernel(broker, tmp_path_factory.mktemp("researcher"))
    yield kernel
    kernel.stop()


@pytest.fixture
def new_kernel(tmp_path: Path) -> Iterator[Callable[..., Kernel]]:
    """Start further kernels; they end with the test."""
    started: list[Kernel] = []

    def start(broker: Broker, **who: str) -> Kernel:
        folder = tmp_path / str(len(started))
        folder.mkdir()
        kernel = _kernel(broker, folder, **who)
        started.append(kernel)
        return kernel

    yield start
    for kernel in started:
        kernel.stop()
