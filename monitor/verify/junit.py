"""How does a CI system read what was verified? JUnit's XML: a test case for each planned event and source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from monitor.verify.text import said
from monitor.verify.verification import State, Verification

_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2


def as_junit(found: Verification) -> str:
    """Return the document."""
    cases = list(_cases(found))
    failed = sum(len(case) for case in cases)
    sizes = {"tests": str(len(cases)), "failures": str(failed), "errors": "0", "skipped": "0"}
    root = ET.Element("testsuites", sizes)
    suite = ET.SubElement(root, "testsuite", {"name": _plain(f"tracking plan in {found.workspace}"), **sizes})
    suite.set("timestamp", found.until.strftime("%Y-%m-%dT%H:%M:%S"))
    suite.extend(cases)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _cases(found: Verification) -> Iterator[ET.Element]:
    for line in found.lines:
        case = ET.Element("testcase", {"classname": _plain(line.source or "any source"), "name": _plain(line.event)})
        if line.state is not State.RIGHT:
            ET.SubElement(case, "failure", {"type": line.state.value, "message": _plain(said(line))})
        yield case
    for table in found.unreadable:
        case = ET.Element("testcase", {"classname": "store", "name": _plain(table)})
        ET.SubElement(case, "failure", {"type": "unreadable", "message": _plain(f"cannot be read: {table}")})
        yield case


def _plain(text: str) -> str:
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)
