"""An open desk phone: firmware that makes XMPP/Jingle calls by hand."""

__version__ = "0.1.0"
