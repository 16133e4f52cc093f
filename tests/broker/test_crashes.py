"""Brokers that are killed, and two on one state."""

from __future__ import annotations

import subprocess
import sys

from .harness import Running


def test_a_second_broker_on_the_same_state_is_refused_and_takes_nothing_over(fresh_broker: Running) -> None:
    kernel = fresh_broker.kernel()
    command = [sys.executable, "-m", "jupyter_cbs.broker", "--dir", str(fresh_broker.deployment.root)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert second.returncode == 1
    assert "A broker runs already" in second.stderr
    assert "Traceback" not in second.stderr
    assert fresh_broker.process is not None
    assert fresh_broker.process.poll() is None
    assert fresh_broker.call("researcher", "GET", "/exports").status == 200
    assert kernel.ask("sql", text="SELECT 1 AS x")[0]["type"] == "answer"
