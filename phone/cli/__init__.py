"""The command `phone`: one file a command, each with `add` (its arguments) and a function that runs it.

Nothing heavy is imported before a command is known, so that `phone status` answers at once.
"""
