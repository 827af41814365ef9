"""The role of the M2M account changes while the server runs."""

from __future__ import annotations

import logging

import pytest

from stac_bridge.bridge.account import Account
from tests.support import Script, fails, m2m_client, says


async def test_a_role_that_is_granted_or_expires_is_noticed_without_a_restart() -> None:
    permissions = [says(roles) for roles in (["user"], ["user", "download", "order"], ["user"])]
    account, roles = Account(m2m_client(Script({"permissions": permissions}))), []
    for _ in permissions[:]:
        await account.refresh(5)
        roles.append((account.role, account.unavailable is None))
    assert roles == [("search-only", False), ("download", True), ("search-only", False)]


async def test_a_known_role_stays_while_m2m_does_not_answer() -> None:
    account = Account(m2m_client(Script({"permissions": [says(["user", "download"]), fails("ENDPOINT_UNAVAILABLE")]})))
    for _ in range(2):
        await account.refresh(5)
    assert account.role == "download"


async def test_an_account_that_may_only_search_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    account = Account(m2m_client(Script({"permissions": says(["user"])})))
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            await account.refresh(5)
    assert caplog.text.count("may search but not download") == 1
