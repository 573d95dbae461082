"""Texts that a spreadsheet shows and does not run."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def text(value: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula.

    Examples:
        >>> text("=1+1"), text("ada"), text("007")
        ("'=1+1", 'ada', '007')
    """
    return f"'{value}" if value.startswith(FORMULA_STARTS) else value
