"""Virtual sound cards: real ALSA programs run on machines without sound, and every sample has an exact time."""

from phone.drivers.vcard.card import RATE, Card, StreamStats, asound_conf, build

__all__ = ["RATE", "Card", "StreamStats", "asound_conf", "build"]
