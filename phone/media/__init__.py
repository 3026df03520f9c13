"""The media room: its own process. Audio never shares an interpreter with XML, SQLite or drawing.

Importing this package imports nothing; the control process uses `plan` and `host` alone.
"""
