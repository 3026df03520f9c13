"""The demo: a private server and two phones on virtual sound cards, on loopback alone."""
