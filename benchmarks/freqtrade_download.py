"""Runs inside a virtualenv that has freqtrade: downloads candles with its own code and prints the seconds it took.

python freqtrade_download.py CONFIG.json USERDIR PAIR[,PAIR...] TIMERANGE
"""
# freqtrade is installed where this runs, not where it is checked.
# pyright: reportMissingImports=false

import logging
import sys
import time
from pathlib import Path

from freqtrade.configuration import setup_utils_configuration
from freqtrade.data.history.history_utils import download_data_main
from freqtrade.enums import RunMode

config_file, user_directory, pairs, timerange = sys.argv[1:]
logging.disable(logging.INFO)
config = setup_utils_configuration(
    {
        "config": [config_file],
        "user_data_dir": user_directory,
        "datadir": Path(user_directory) / "data",
        "pairs": pairs.split(","),
        "timeframes": ["1m"],
        "timerange": timerange,
        "no_parallel_download": False,
    },
    RunMode.UTIL_EXCHANGE,
)
start = time.perf_counter()
download_data_main(config)
print(f"seconds {time.perf_counter() - start:.3f}")
