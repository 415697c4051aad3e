"""What people ask about the data held of them."""

from datetime import datetime

from sqlmodel import Field

from storage.models.columns import Table, key, maybe, moment, reference


class DataRequest(Table, table=True):
    """Somebody says that something held of them is wrong; open until their coordinator has put it right."""

    __tablename__ = "data_request"

    id: int | None = key()
    person_id: int = reference("person", index=True)
    unit_id: int = reference("unit", index=True)
    """The unit of the person when they asked."""
    text: str = Field(max_length=300)
    at: datetime = moment(required=True)
    closed_at: datetime | None = moment()
    closed_by: int | None = maybe()
