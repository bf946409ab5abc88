"""The crash-point theatre: a real archiver is killed, cut off and starved on engines of its own, and rows are counted.

Start reading at play.py (what a scene does) and scenes.py (the list). Nothing here touches the operator's engines.
"""
