"""How many queries a minute are parsed and followed to the columns that they read?

Makes queries of the kind that people write (seeded; filters, joins, CTEs, windows, unions, JSON, stars through views),
reads them in one process, and prints CPU beside the target of 5,000 a minute.

    python benchmarks/usage.py [--queries 3000]
"""

from __future__ import annotations

import argparse
import random
import time

from monitor.usage.reading import read
from monitor.usage.statements import Audience, Text, parse

TARGET = 5000  # a minute, on one core
WORDS = (
    "total",
    "currency",
    "coupon",
    "plan",
    "price",
    "step",
    "method",
    "query",
    "shop",
    "category",
    "position",
    "rating",
)
TABLES = {("web", f"event_{i}"): frozenset([*WORDS, "id", "user_id", "received_at", "properties"]) for i in range(200)}
SHAPES = {
    "a filter and a sum": """
        select {a}, sum({b}) as n from web.{t} where {c} = '{i}' and received_at > '2026-01-01' group by 1""",
    "a join": """
        select x.{a}, y.{b}, count(*) from web.{t} x left join web.{u} y on x.user_id = y.user_id
        where x.{c} > {i} group by 1, 2""",
    "CTEs with stars": """
        with a as (select * from web.{t}), b as (select *, {a} || '-{i}' as k from a),
        c as (select user_id, min(received_at) as first_at from web.{u} group by 1)
        select k, {b}, count(distinct c.user_id) from b join c using (user_id) group by 1, 2 order by 3 desc""",
    "a window": """
        select * from (select {a}, {b}, row_number() over (partition by user_id order by received_at desc) as n
        from web.{t}) x where n = 1 and {a} <> '{i}'""",
    "a union": """
        select '{i}' as kind, {a}, count(*) from web.{t} group by 1, 2
        union all select 'other', {b}, count(*) from web.{u} group by 1, 2""",
    "members of JSON": """
        select properties->>'{a}', avg((properties->>'{b}')::numeric) from web.{t}
        where properties->>'{c}' = '{i}' group by 1""",
    "a view": """
        select v.{a}, sum(case when v.{b} > {i} then 1 else 0 end) from marts.view_{v} v
        where v.{c} is not null group by 1""",
    "a funnel": """
        with s as (select user_id, received_at, {a} from web.{t}), p as (select user_id, received_at, {b} from web.{u})
        select date_trunc('week', s.received_at) as week, s.{a}, count(distinct s.user_id) as started,
        count(distinct p.user_id) as ended,
        count(distinct p.user_id) * 1.0 / nullif(count(distinct s.user_id), 0) as rate
        from s left join p on p.user_id = s.user_id and p.received_at between s.received_at and s.received_at
        + interval '7 days' where s.{a} <> '{i}' group by 1, 2 having count(*) > 10""",
}


def made(count: int, shape: str, draw: random.Random) -> list[Text]:
    """Return queries of one shape, no two the same."""
    texts = []
    for i in range(count):
        a, b, c = draw.sample(WORDS, 3)
        t, u = (f"event_{draw.randrange(200)}" for _ in range(2))
        texts.append(Text(f"{shape} {i}", SHAPES[shape].format(a=a, b=b, c=c, t=t, u=u, v=draw.randrange(50), i=i)))
    return texts


def views() -> list[Text]:
    """Return the views that some of the queries read: each of two tables, with a star."""
    sql = "create view marts.view_{0} as select * from web.event_{0} union all select * from web.event_{1}"
    return [Text(f"view {i}", sql.format(i, i + 50), audience=Audience.NOBODY) for i in range(50)]


def cost(texts: list[Text]) -> float:
    """Return the CPU seconds that reading takes; refuse an answer with gaps."""
    start = time.process_time()
    parsed = parse(texts, "postgres")
    found, unread = read(parsed.queries, TABLES)
    spent = time.process_time() - start
    if parsed.unread or unread or not found:
        raise RuntimeError(f"not all was read: {parsed.unread[:3]} {unread[:3]}")
    return spent


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=3000)
    count = parser.parse_args().queries // len(SHAPES)
    draw = random.Random(7)
    texts = {shape: made(count, shape, draw) for shape in SHAPES}
    cost([*views(), *texts["a join"][:20]])  # the parser fills its tables with the first queries
    everything = [*views(), *(text for some in texts.values() for text in some)]
    print(f"{'':22}{'queries':>9}{'CPU s':>9}{'a minute':>11}{'× target':>10}")
    for name, some in {**texts, "all, with 50 views": everything}.items():
        spent = cost([*views(), *some] if name == "a view" else some)
        rate = 60 * len(some) / spent
        print(f"{name:22}{len(some):9,}{spent:9.2f}{rate:11,.0f}{rate / TARGET:10.1f}")


if __name__ == "__main__":
    main()
