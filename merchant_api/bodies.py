"""What a call brings, read strictly: `"850"`, `8.5` or `true` is no amount."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request

from ledger.errors import InvalidRequest


def require_values(request: Request[Any, Any, Any]) -> None:
    """Refuse a parameter `null`, which the framework would take for one that was left out."""
    for name, value in request.query_params.multi_items():
        if value.lower() == "null":
            raise InvalidRequest(field=name, fault="Not a value")


class StrictRequest(Request[Any, Any, Any]):
    """The framework would take a text for a number; here a body is decoded at once into what its route takes."""

    async def json(self) -> Any:
        wanted = self.route_handler.parsed_data_field
        return msgspec.json.decode(await self.body(), type=Any if wanted is None else wanted.annotation)
