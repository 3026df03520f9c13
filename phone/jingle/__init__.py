"""The Jingle room: pure, sans-IO. Stanzas in, stanzas and events out; no socket, no clock, no slixmpp."""
