"""The demo: a private server and three phones on virtual sound cards, on loopback alone."""
