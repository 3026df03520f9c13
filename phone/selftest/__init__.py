"""The guided self-test: what is tested, in which order, and what is said of it; and looks at the machine around it."""
