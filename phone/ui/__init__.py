"""The display and the keys. Pure but for `draw` and the loading of texts and fonts."""
