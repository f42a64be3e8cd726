"""How is MariaDB asked? As MySQL is."""

from __future__ import annotations

from dataclasses import replace

from monitor.stores.dialects import mysql

DIALECT = replace(mysql.DIALECT, name="mariadb", schemes={"mariadb": "mariadb+pymysql"}, tried=True)
