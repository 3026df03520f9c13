"""The only room that imports slixmpp."""
