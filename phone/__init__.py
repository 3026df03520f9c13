"""An open desk phone: firmware that makes XMPP/Jingle calls by hand."""
