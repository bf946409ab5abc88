"""Recorded candle files as a Binance-spot-shaped REST venue, so that the real ccxt client runs without a network."""

from dagster_project.lib.candle_files.table import CANDLE

from .candles import CandleSource, Market
from .faults import Faults
from .files import Dataset, NoCandles, Recording, Skipped, describe
from .serve import running, serve
from .venue import ReplayVenue, Venue
from .weights import Weights

__all__ = [
    "CANDLE",
    "CandleSource",
    "Dataset",
    "Faults",
    "Market",
    "NoCandles",
    "Recording",
    "ReplayVenue",
    "Skipped",
    "Venue",
    "Weights",
    "describe",
    "running",
    "serve",
]
