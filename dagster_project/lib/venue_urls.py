"""Pointing a ccxt client at another server of the same shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ccxt.base.types import ConstructorArgs

# What keeps a spot client from asking for other products: Binance's load_markets() otherwise also calls the futures
# hosts, and its currencies and margin pairs are private endpoints.
SPOT_ONLY: dict[str, dict[str, Any]] = {
    "binance": {
        "defaultType": "spot",
        "fetchMarkets": {"types": ["spot"]},
        "fetchMargins": False,
        "fetchCurrencies": False,
    },
}


def ccxt_options(ccxt_id: str, base_url: str | None = None) -> ConstructorArgs:
    """Constructor argument for `ccxt.<ccxt_id>` (sync or async) that sends every call to `base_url`.

    Each API address of the venue keeps its path and gets scheme, host and port of `base_url` (and its path in front,
    if it has one), so whatever serves the venue's paths can stand in. Without `base_url`, the venue itself is asked.
    Only spot markets are loaded where the venue's client offers that. ValueError names an unknown id or a wrong URL.
    """
    options: ConstructorArgs = {"options": SPOT_ONLY[ccxt_id]} if ccxt_id in SPOT_ONLY else {}
    if base_url is None:
        return options
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ValueError(f"base_url is like http://127.0.0.1:8090, not {base_url!r}")
    import ccxt

    if ccxt_id not in ccxt.exchanges:
        raise ValueError(f"ccxt knows no exchange {ccxt_id!r}; see `python -c 'import ccxt; print(ccxt.exchanges)'`")
    addresses = getattr(ccxt, ccxt_id)().urls["api"]
    return {**options, "urls": {"api": _moved(addresses, base_url.rstrip("/"))}}


def _moved(addresses: Any, base_url: str) -> Any:
    if isinstance(addresses, dict):
        return {name: _moved(address, base_url) for name, address in addresses.items()}
    return base_url + urlsplit(addresses).path
