"""Delays and costs, measured: `./dev bench`. A package, so that its `media` and `peers` hide no other folder's."""
