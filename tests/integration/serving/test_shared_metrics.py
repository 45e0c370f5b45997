"""Several processes count, one answers for all; prometheus-client must be imported after the sharing begins."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

PROGRAM: Final = """
import multiprocessing, os
from cosignpy.serving.metrics import expose, forget_worker, share_metrics

def work(amount):
    from prometheus_client import Counter, Gauge
    Counter("work", "done").inc(amount)
    Gauge("queue", "waiting", multiprocess_mode="livesum").set(amount)

def main():
    with share_metrics() as directory:
        count(directory)
    assert not directory.exists() and "PROMETHEUS_MULTIPROC_DIR" not in os.environ

def count(directory):
    spawning = multiprocessing.get_context("spawn")
    workers = [spawning.Process(target=work, args=(amount,)) for amount in (2, 3)]
    for worker in workers: worker.start()
    for worker in workers: worker.join()
    forget_worker(workers[0].pid)
    body, media_type = expose()
    print(body.decode())
    assert media_type.startswith("text/plain")
    assert list(directory.glob("*.db"))

if __name__ == "__main__":
    main()
"""


def test_the_numbers_of_all_workers_are_added_up(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    ran = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60, check=True)
    samples = {
        sample.name: sample.value for family in text_string_to_metric_families(ran.stdout) for sample in family.samples
    }
    assert samples["work_total"] == 5  # a counter keeps what ended workers did
    assert samples["queue"] == 3  # a gauge is about those that live
