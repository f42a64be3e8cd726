"""Does `plan lint` name what will lose data or will not be understood, at its line, and nothing in a clean plan?"""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.plan.lint import RULES, lint
from monitor.plan.load import parse_plan, read_plan

ROOT = Path(__file__).parents[2]
CLEAN = """\
questions:
  q: {ask: What drives sales?}
defaults: {owner: shop, answers: [q]}
events:
  identify: {description: d, action: a, traits: {email: string}}
  Order Completed: {description: d, action: a, properties: {order_id: string, total: number}}
  Product Added to Wishlist: {description: d, action: a, properties: {order_id: string, product_ids: array}}
  Signed Up: {description: d, action: a, properties: {product_id: string}}
"""
OPEN = "lint: {events: any, require: []}\n"


def faults(text: str, *, rules: str = OPEN) -> list[str]:
    written = parse_plan([("plan.yml", (text + rules).encode())])
    return [f"{fault.line}: {fault.message}; {fault.hint} [{fault.rule}]" for fault in lint(written).faults]


def event(*properties: str, name: str = "Order Completed") -> str:
    lines = "".join(f"\n      {each}" for each in properties)
    return f"events:\n  {name}:\n    properties:{lines}\n"


def test_a_clean_plan_has_no_faults():
    assert faults(CLEAN, rules="") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            "events:\n  Order Completed: {}\n  order-completed: {}\n",
            "3: 'order-completed' and 'Order Completed' both become the table 'order_completed'",
            id="two events in one table",
        ),
        pytest.param(
            event("site id: string", "siteId: string"),
            "5: 'Order Completed': 'siteId' and 'site id' both become the column 'site_id'",
            id="two properties in one column",
        ),
        pytest.param(
            event("cart: {type: object, properties: {id: string}}", "cart_id: string"),
            "5: 'Order Completed': 'cart_id' and 'cart.id' both become the column 'cart_id'",
            id="a member of an object and a property",
        ),
        pytest.param(
            event("timestamp: datetime"),
            "4: 'Order Completed': 'timestamp' falls into the column",
            id="a reserved column",
        ),
        pytest.param(
            event("userId: string"), "4: 'Order Completed': 'userId' falls into the column 'user_id'", id="id"
        ),
        pytest.param(event("context_ip: string"), "4: 'Order Completed': 'context_ip' falls into the", id="context"),
        pytest.param("events:\n  Pages: {}\n", "2: the event 'Pages' falls into the table 'pages'", id="a table"),
        pytest.param(
            event("名前: string"), "4: '名前' has no letter or digit that a warehouse keeps", id="no name left"
        ),
        pytest.param(
            event(f"{'a' * 70}: string"), "is cut at 63 by PostgreSQL; use a name of at most 63", id="cut at 63"
        ),
        pytest.param(event(f"{'a' * 130}: string"), "is cut at 127 everywhere; use a name of at most 63", id="at 127"),
        pytest.param(
            event("total: number") + "  B: {properties: {total: number}}\n  C: {properties: {total: string}}\n",
            "6: 'total' is string in 'C', but number in 2 other events; write type: number",
            id="one property with two types",
        ),
        pytest.param(
            event("when: {type: string, required: {when: {kind: card}}}"),
            "4: 'Order Completed': 'when' depends on 'kind', which the event does not have",
            id="a condition on nothing",
        ),
        pytest.param(
            event("n: {type: integer, enum: [one]}"),
            "4: 'Order Completed': 'n' is integer, but may be 'one'",
            id="enum",
        ),
        pytest.param(
            "events:\n  A B: {sources: [web], properties: {p: {sources: [ios]}}}\n",
            "2: 'A B': 'p' is sent by 'ios', which does not send the event; its sources are web",
            id="a source that does not send the event",
        ),
        pytest.param(
            "events:\n  A:\n    deprecated: {use: B}\n",
            "3: 'B', which is to be used for 'A', is not in the plan",
            id="use",
        ),
        pytest.param("questions:\n  q: {ask: Why?}\n", "2: no event helps to answer the question 'q'", id="question"),
        pytest.param(
            event("siteId: string") + "  B: {properties: {site_id: string}}\n  C: {properties: {site_id: string}}\n",
            "4: the property 'siteId' is spelt 'site_id' elsewhere; write 'site_id'",
            id="two spellings",
        ),
        pytest.param(
            event("quantity: integer") + "  B: {properties: {quantitiy: integer}}\n",
            "is one letter from",
            id="one letter more",
        ),
        pytest.param(
            "events:\n  Order Recieved: {}\n  Order Received: {}\n", "one letter from", id="two letters swapped"
        ),
    ],
)
def test_a_fault_is_named_at_its_line(text, said):
    (fault,) = faults(text)
    assert said in fault


def test_two_names_that_are_cut_to_one_collide():
    found = faults(event(f"{'a' * 63}_one: string", f"{'a' * 63}_two: string"))
    assert [each for each in found if "once PostgreSQL cuts them at 63 characters" in each and "[collision]" in each]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(event("product_id: string", "product_ids: array"), id="a list of the other"),
        pytest.param(event("step_1: string", "step_2: string"), id="counted"),
        pytest.param(event("total: number") + "  B: {properties: {total: integer}}\n", id="whole numbers are numbers"),
        pytest.param(event("p: string") + "  B: {properties: {p: any}}\n", id="any type is no other type"),
        pytest.param(
            event("cart: {type: array, items: {type: object, properties: {id: string}}}"), id="within an array"
        ),
        pytest.param("events:\n  Home: {call: page}\n  home: {call: screen}\n", id="calls have tables of their own"),
    ],
)
def test_what_is_no_fault_is_not_named(text):
    assert faults(text) == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Completed Order", "write 'Order Completed'"),
        ("order_completed", "write 'Order Completed'"),
        ("orderCompleted", "write 'Order Completed'"),
        ("Complete Order", "write 'Order Completed'"),
        ("checkout start", "write 'Checkout Started'"),
        ("Newsletter", "name the object first, then what happened to it: 'Order Completed'"),
    ],
)
def test_an_event_is_named_object_action_unless_agreed_otherwise(name, hint):
    (fault,) = faults(f"events:\n  {name}: {{}}\n", rules="lint: {require: []}\n")
    assert fault == f"2: the event '{name}' is not named in the style 'Object Action'; {hint} [convention]"


@pytest.mark.parametrize(
    ("agreed", "name", "better"),
    [
        ("snake_case", "Order Completed", "order_completed"),
        ("camelCase", "Order Completed", "orderCompleted"),
        ("PascalCase", "order completed", "OrderCompleted"),
        ("kebab-case", "OrderCompleted", "order-completed"),
        ("dot.case", "Order Completed", "order.completed"),
        ("Title Case", "order_completed", "Order Completed"),
        ("Sentence case", "order_completed", "Order completed"),
        ("lower case", "OrderCompleted", "order completed"),
    ],
)
def test_another_style_can_be_agreed_on(agreed, name, better):
    rules = f"lint: {{events: {agreed}, require: []}}\n"
    (fault,) = faults(f"events:\n  {name}: {{}}\n", rules=rules)
    assert f"; write '{better}' [convention]" in fault
    assert faults(f"events:\n  {better}: {{}}\n", rules=rules) == []


@pytest.mark.parametrize(
    ("names", "advice"),
    [
        pytest.param(
            ["order_done", "cart_seen", "page_seen", "item_seen", "Left It"],
            "4 of 5 events are written in 'snake_case': if that is how it should be, write lint: {events: snake_case}",
            id="a habit",
        ),
        pytest.param(["Order Done", "Cart Seen", "Page Seen", "item_seen", "cart_kept"], "", id="as agreed"),
        pytest.param(["order_done", "Cart-Seen", "pageSeen", "item seen", "X"], "", id="no habit"),
        pytest.param(["order_done"], "", id="too few"),
    ],
)
def test_a_team_that_has_another_habit_is_told_how_to_agree_on_it(names, advice):
    text = "events:\n" + "".join(f"  {name}:\n" for name in names)
    assert lint(parse_plan([("plan.yml", text.encode())])).advice.startswith(advice)
    assert bool(lint(parse_plan([("plan.yml", text.encode())])).advice) == bool(advice)


def test_names_may_be_held_to_a_regular_expression():
    rules = "lint: {events: '^(Shop|App): .+$', require: []}\n"
    assert len(faults("events:\n  'Shop: Order': {}\n  Order: {}\n", rules=rules)) == 1


def test_properties_may_have_a_style_too():
    rules = "lint: {events: any, properties: snake_case, require: []}\n"
    assert faults(event("orderId: string"), rules=rules) == [
        "4: 'Order Completed': 'orderId' is not written in snake_case; write 'order_id' [convention]"
    ]


def test_a_style_that_nobody_knows_is_a_problem_of_the_plan():
    with pytest.raises(ConfigError, match="'snake' is not a style of names; known: Object Action, Title Case"):
        faults("events: {}\n", rules="lint: {events: snake}\n")


def test_an_event_says_what_it_means_who_owns_it_and_what_it_is_for():
    (fault,) = faults("events:\n  Order Completed: {owner: me}\n", rules="")
    said = "does not say what it means, which question it helps to answer and what is done because of it"
    assert fault == f"2: the event 'Order Completed' {said}; write description:, answers: and action: [undocumented]"


def test_a_deprecated_event_needs_no_documents():
    assert faults("events:\n  Order Completed: {deprecated: true}\n", rules="") == []


def test_a_rule_can_be_ignored():
    text = "events:\n  Order Completed: {}\n  order-completed: {}\n"
    assert faults(text, rules="lint: {events: any, require: [], ignore: [collision]}\n") == []


def test_a_misspelt_rule_is_not_taken_for_one_that_is_obeyed():
    assert faults("events: {}\n", rules="lint: {ignore: [colision]}\n") == [
        "2: 'colision' is not a rule of lint; did you mean 'collision'? [unknown_rule]"
    ]


def test_a_trait_is_found_where_it_is_written():
    text = "events:\n  identify:\n    traits:\n      email: string\n      user_id: string\n"
    assert faults(text)[0].startswith("5: 'identify': 'user_id' falls into the column")


def test_every_rule_says_what_it_is_about():
    assert all(rule.about and rule.severity in {"critical", "warning"} for rule in RULES.values())


def test_the_plan_that_is_shipped_has_no_faults():
    assert [str(fault) for fault in lint(read_plan(ROOT / "config" / "plan.yml")).faults] == []


def test_the_plan_to_start_with_loses_no_data():
    found = lint(read_plan(ROOT / "monitor" / "starter" / "plan.yml")).faults
    assert {fault.rule for fault in found} == {"undocumented"}
