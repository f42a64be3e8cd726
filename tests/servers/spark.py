"""How does a test start Spark: a standalone master, two workers, and a Thrift server whose executors they run?"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest
from servers.packages import free_port, installed, running

PYSPARK = "pyspark==4.3.0"
HOST = "127.0.0.1"
WORKERS = 2


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Yield the URL of the Thrift server; skip where Java or Spark is absent."""
    if shutil.which("java") is None:
        pytest.skip("no Java: apt-get install default-jre-headless runs these")
    home = installed("pyspark", PYSPARK) / "pyspark"
    setting = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": HOST}
    with ExitStack() as stack:
        master = free_port()
        command = ["org.apache.spark.deploy.master.Master", "--host", HOST, "--port", str(master), "--webui-port", "0"]
        stack.enter_context(_java(folder, "master", home, setting, command, master))
        for number in range(WORKERS):
            port = free_port()
            command = [
                "org.apache.spark.deploy.worker.Worker",
                "--host",
                HOST,
                "--port",
                str(port),
                "--webui-port",
                "0",
            ]
            command += ["--cores", "1", "--memory", "600m", f"spark://{HOST}:{master}"]
            stack.enter_context(_java(folder, f"worker{number}", home, setting, command, port))
        thrift = free_port()
        submit = [str(home / "bin" / "spark-submit"), *_thrift_server(folder, master, thrift)]
        stack.enter_context(running(submit, folder / "thrift.log", thrift, env=setting, cwd=folder))
        yield f"spark://{HOST}:{thrift}/default"


def _java(
    folder: Path, name: str, home: Path, setting: Mapping[str, str], command: list[str], port: int
) -> AbstractContextManager[None]:
    started = [str(home / "bin" / "spark-class"), *command]
    small = {**setting, "SPARK_DAEMON_MEMORY": "256m", "SPARK_DAEMON_JAVA_OPTS": "-XX:TieredStopAtLevel=1"}
    return running(started, folder / f"{name}.log", port, env=small, cwd=folder)


def _thrift_server(folder: Path, master: int, port: int) -> list[str]:
    quick = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # these processes live for a minute
    conf = {
        "spark.cores.max": WORKERS,
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder / 'derby'} {quick}",
        "spark.executor.extraJavaOptions": quick,
        "spark.executor.memory": "512m",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.shuffle.partitions": WORKERS,
        "spark.sql.warehouse.dir": folder / "warehouse",
        "spark.ui.enabled": "false",
    }
    server = ["--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"]
    server += ["--master", f"spark://{HOST}:{master}", "--driver-memory", "1g"]
    server += [part for name, value in conf.items() for part in ("--conf", f"{name}={value}")]
    listening = [f"hive.server2.thrift.port={port}", f"hive.server2.thrift.bind.host={HOST}"]
    return [*server, "spark-internal", *(part for each in listening for part in ("--hiveconf", each))]
