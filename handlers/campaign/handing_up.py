"""The chapter of a campaign file for the returns of units: what is asked of one before it goes up.

The shape of its table, and nothing else.
"""

from typing import TYPE_CHECKING

from handlers.campaign.shapes import Part

if TYPE_CHECKING:
    from handlers.campaign.definition import Campaign


class Returns(Part):
    stamp: bool = True
    """The table is printed, stamped and sent back as a picture before the return goes up."""
    joined: str = ""
    """The column whose texts are joined where rows are equal in all others; such rows become one. None where empty."""


UNSTAMPED = Returns(stamp=False)
"""Of a campaign without the chapter."""


def problems(campaign: "Campaign") -> list[str]:
    joined, fields = campaign.returns.joined, campaign.feedback_table.fields
    if joined and joined not in fields:
        return [f"[returns] joined: the table has no column «{joined}»; it has {', '.join(fields)}"]
    return []
