"""Texts that a spreadsheet shows and does not run."""

import re

# Where a cell can begin: also after what takes a line apart in another country's spreadsheet.
FORMULA = re.compile(r'(^|[;,"])(\s*)(?=[=+\-@＝＋－＠])')


def text(value: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for the beginning of a formula.

    The apostrophe shows and does nothing. Tabs, line breaks and other control characters, which
    could begin a cell as well, become spaces. Identifiers keep their leading zeros.

    Examples:
        >>> text("=1+1"), text("ada"), text("007"), text("a;=1")
        ("'=1+1", 'ada', '007', "a;'=1")
    """
    return FORMULA.sub(r"\1'\2", re.sub(r"[\x00-\x1f\x7f]+", " ", value))
