"""How does SQLAlchemy talk to a Spark Thrift server?

PyHive brings the wire protocol and a dialect of Hive's, of which Spark is not: this one quotes,
casts and reports errors as Spark does, and knows a connection that was lost.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from pyhive import hive
from pyhive.sqlalchemy_hive import HiveDialect, HiveTypeCompiler
from sqlalchemy.sql.compiler import SQLCompiler
from TCLIService.ttypes import TOperationState
from thrift.Thrift import TException

# a statement that the server has stopped answers like one without rows
STOPPED = (TOperationState.TIMEDOUT_STATE, TOperationState.CANCELED_STATE)
LOST = (TException, OSError, EOFError)  # the wire's own errors are none of the driver's


class Compiler(SQLCompiler):
    """Spark's spelling of texts; names are quoted whatever they hold, a dot too."""

    def render_literal_value(self, value: Any, type_: sa.types.TypeEngine[Any]) -> str:
        """Return a value written out: in Spark a backslash escapes, and two quotes are two texts side by side."""
        if not isinstance(value, str):
            return str(super().render_literal_value(value, type_))
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped.replace('%', '%%')}'"


class Types(HiveTypeCompiler):  # type: ignore[misc]  # it has no types
    """Spark's names of types."""

    def visit_FLOAT(self, type_: Any, **_kw: Any) -> str:  # noqa: N802 SQLAlchemy's name
        """Return the 64-bit type: Spark's FLOAT has 32."""
        return "DOUBLE"


class SparkDialect(HiveDialect):  # type: ignore[misc]  # it has no types
    """Spark SQL over the protocol of HiveServer2."""

    name = "spark"
    driver = "thrift"
    statement_compiler = Compiler
    type_compiler = Types
    type_compiler_cls = Types
    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> Any:
        """Return the driver."""
        return hive

    def connect(self, *arguments: Any, **named: Any) -> Any:
        """Open a session.

        Raises:
            hive.OperationalError: there is no server, or it refuses.
        """
        try:
            return super().connect(*arguments, **named)
        except LOST as error:
            raise hive.OperationalError(str(error)) from error

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        """Execute a statement.

        Raises:
            hive.OperationalError: the server says what is wrong, or has stopped it, or does not answer.
        """
        try:
            super().do_execute(cursor, statement, parameters, context)
            state = cursor.poll(get_progress_update=False).operationState
        except hive.OperationalError as error:
            raise hive.OperationalError(_sentence(error)) from error
        except LOST as error:
            raise hive.OperationalError(f"connection lost: {error}") from error
        if state in STOPPED:
            raise hive.OperationalError("the statement timed out")

    def do_close(self, dbapi_connection: Any) -> None:
        """Close a session; one whose server is gone is closed."""
        try:
            super().do_close(dbapi_connection)
        except LOST:
            return

    def is_disconnect(self, e: Any, connection: Any, cursor: Any) -> bool:
        """Return whether an error means that the connection is gone."""
        return isinstance(e.__cause__, LOST)


def _sentence(error: Exception) -> str:
    status = getattr(error.args[0], "status", None) if error.args else None
    said = str(getattr(status, "errorMessage", None) or error)
    return said.partition("\n")[0].removeprefix("Error running query: ")
