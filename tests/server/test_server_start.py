"""How a workspace server starts, and when it refuses to."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from running_demo import environment, reserved_port, wait_for

from jupyter_cbs.server.hardening import content_security_policy, script_hashes


class Place:
    """Folders and a configuration for a server of its own, without a broker."""

    def __init__(self, root: Path, port: int) -> None:
        self.root = root
        self.port = port
        for name in ("config", "shared", "personal", "home"):
            (root / name).mkdir()
        self.config: dict[str, Any] = {
            "ServerApp": {
                "ip": "127.0.0.1",
                "port": self.port,
                "port_retries": 0,
                "open_browser": False,
                "allow_root": True,
                "jpserver_extensions": {
                    "jupyter_cbs": True,
                    "jupyterlab": True,
                    "jupyter_lsp": False,
                    "jupyter_server_terminals": False,
                    "notebook_shim": False,
                },
            },
            "IdentityProvider": {"token": "t"},
            "CbsApp": {"gateway_socket": str(root / "none"), "shared_dir": str(root / "shared"), "personal_dir": str(root / "personal")},
        }

    def start(self, *flags: str, **env: str) -> subprocess.Popen[str]:
        (self.root / "config" / "jupyter_server_config.json").write_text(json.dumps(self.config))
        own = {
            "HOME": str(self.root / "home"),
            "JUPYTER_CONFIG_DIR": str(self.root / "config"),
            "JUPYTER_DATA_DIR": str(self.root / "home" / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.root / "home" / "runtime"),
        }
        command = [sys.executable, "-P", "-m", "jupyter_cbs.server", *flags]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/", env={**environment(), **own, **env})

    def refused(self, *flags: str, **env: str) -> str:
        process = self.start(*flags, **env)
        printed, _ = process.communicate(timeout=120)
        assert process.returncode == 1, printed
        assert "does not start" in printed
        return printed


@pytest.fixture
def place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="cbt-", dir="/tmp") as folder, reserved_port() as port:
        yield Place(Path(folder), port)


@pytest.mark.parametrize("name", ["gateway_socket", "shared_dir", "personal_dir"])
def test_without_a_workspace_it_does_not_start(place: Place, name: str) -> None:
    place.config["CbsApp"][name] = ""
    assert f"CbsApp.{name}" in place.refused()


def test_an_extension_nobody_listed_keeps_it_from_starting(place: Place) -> None:
    place.config["ServerApp"]["jpserver_extensions"]["jupyter_lsp"] = True
    assert "jupyter_lsp" in place.refused()


def test_code_inside_a_workspace_keeps_it_from_starting(place: Place) -> None:
    inside = place.root / "shared" / "lib"
    inside.mkdir()
    path = environment().get("PYTHONPATH")
    assert "inside a workspace" in place.refused(PYTHONPATH=f"{path}:{inside}" if path else str(inside))


def test_configuration_inside_a_workspace_keeps_it_from_starting(place: Place) -> None:
    (place.root / "personal" / "data").mkdir()
    assert "inside a workspace" in place.refused(JUPYTER_DATA_DIR=str(place.root / "personal" / "data"))


def test_a_runtime_folder_others_can_enter_keeps_it_from_starting(place: Place) -> None:
    runtime = place.root / "run"
    runtime.mkdir(mode=0o755)
    place.config["CbsApp"]["runtime_dir"] = str(runtime)
    assert "only this account" in place.refused()


def test_installed_but_not_deployed_it_is_an_ordinary_server_that_says_so(place: Place) -> None:
    del place.config["CbsApp"]
    place.config["ServerApp"]["root_dir"] = str(place.root / "home")
    process = place.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{place.port}/", headers={"Authorization": "token t"}, trust_env=False, timeout=60) as client:
            wait_for(lambda: answers(process, client), 120, "the start of the server")
            answer = client.get("cbs/api/project")
            assert (answer.status_code, answer.json()["code"]) == (503, "no_deployment")
            assert "cbs-python" in client.get("api/kernelspecs").json()["kernelspecs"]
    finally:
        process.terminate()
        process.communicate(timeout=120)


def answers(process: subprocess.Popen[str], client: httpx.Client) -> bool:
    """Tell whether the server is up; a server that ended says why."""
    assert process.poll() is None, process.stdout and process.stdout.read()
    try:
        return client.get("api").status_code == 200
    except httpx.TransportError:
        return False


def test_flags_do_not_open_what_is_closed(place: Place) -> None:
    (place.root / "home" / "secret.txt").write_text("secret")
    process = place.start(
        "--ServerApp.authorizer_class=jupyter_server.auth.AllowAllAuthorizer",
        "--ServerApp.contents_manager_class=jupyter_server.services.contents.largefilemanager.AsyncLargeFileManager",
        "--ServerApp.kernel_spec_manager_class=jupyter_client.kernelspec.KernelSpecManager",
        "--ServerApp.allow_unauthenticated_access=True",
        "--ServerApp.terminals_enabled=True",
        "--ServerApp.disable_check_xsrf=True",
        "--ServerApp.allow_origin=*",
        f"--ServerApp.root_dir={place.root / 'home'}",
        "--KernelSpecManager.ensure_native_kernel=True",
        "--LabApp.extension_manager=pypi",
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{place.port}/", headers={"Authorization": "token t"}, trust_env=False, timeout=60) as client:
            wait_for(lambda: answers(process, client), 120, "the start of the server")
            assert [item["name"] for item in client.get("api/contents").json()["content"]] == ["shared", "personal"]
            assert client.get("api/contents/secret.txt").status_code in (400, 403, 404, 503)
            assert client.get("files/secret.txt").status_code == 403
            assert client.post("api/terminals").status_code == 403
            assert set(client.get("api/kernelspecs").json()["kernelspecs"]) <= {"cbs-python", "cbs-r"}
            assert client.post("lab/api/extensions", json={"cmd": "install", "extension_name": "x"}).status_code == 403
            assert httpx.get(f"http://127.0.0.1:{place.port}/api/contents", trust_env=False, timeout=60).status_code == 403
            with httpx.Client(base_url=f"http://127.0.0.1:{place.port}/", trust_env=False, timeout=60) as browser:
                browser.get("lab", params={"token": "t"})
                assert "access-control-allow-origin" not in browser.get("api/me", headers={"Origin": "http://elsewhere.example"}).headers
                assert browser.post("api/kernels", json={}).status_code == 403
    finally:
        process.terminate()
        process.communicate(timeout=120)


def test_the_page_keeps_its_own_script_and_no_other(tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    page.write_text(
        '<script id="c" type="application/json">{{ config }}</script><script src="x.js"></script>'
        "<script>tidy()</script><script>render({{ data }})</script>"
    )
    (source,) = script_hashes([page, tmp_path / "missing.html"])
    # printf 'tidy()' | openssl dgst -sha256 -binary | base64
    assert source == "'sha256-4YjKvRF6FVlosQIYJa11giatW8jzx6LxYZmcwz2B0MU='"
    assert source in content_security_policy("/x/", [source])
    assert "report-uri /x/api/security/csp-report" in content_security_policy("/x/")
