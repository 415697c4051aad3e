"""免登: the auth code a page got from 浙政钉 becomes an account. Knows no roster and no session."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.channels import Later, Refused
from bot.channels.zhezhengding.gateway import Gateway

PLATFORM = "zhezhengding"
"""The name of the channel, of the platform in the accounts of the roster, and of the robot of its messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody as 浙政钉 knows them; the repr hides who."""

    id: str = field(repr=False)
    """accountId: whom notices go to; what `Inbound.sender_id` and a DIRECT address hold."""
    code: str = field(default="", repr=False)
    """employeeCode (GE_…); empty for super-administrators."""
    name: str = field(default="", repr=False)
    organization: str = ""
    """Name of the tenant."""


class Login:
    def __init__(self, gateway: Gateway, tenant: str) -> None:
        """`tenant`: accounts of other tenants are refused; empty: not checked."""
        self._gateway, self._tenant = gateway, tenant

    async def who(self, auth_code: str) -> Account:
        """Whose code it is: valid five minutes, good for once. Raises `Refused` where the code is no good or of
        another organisation (ask the page for a new one), `Later` where the gateway could not be asked, `Doubtful`
        where it gave no answer: the code may be used up, a new one is needed."""
        if not auth_code.strip():
            raise Refused("no auth code")
        answer = await self._gateway.call_with_token("login", {"auth_code": auth_code})
        if not isinstance(answer, dict):
            raise Later("an answer without a person", 5.0)
        account = _account(answer)
        tenants = {str(answer[name]) for name in ("realmId", "tenantId") if answer.get(name)}
        if self._tenant and tenants and self._tenant not in tenants:
            raise Refused("an account of another organisation; see ZZD_TENANT_ID")
        return account


def _account(answer: Mapping[str, Any]) -> Account:
    if not answer.get("accountId"):
        raise Later("an answer without accountId", 5.0)
    return Account(
        id=str(answer["accountId"]),
        code=str(answer.get("employeeCode") or ""),
        name=str(answer.get("lastName") or answer.get("nickNameCn") or ""),
        organization=str(answer.get("realmName") or answer.get("tenantName") or ""),
    )
