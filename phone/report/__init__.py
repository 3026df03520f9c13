"""What a helper is given to look at: `phone report` and `phone capture`.

Law: it runs without the daemon, as any user, and takes what it may; each thing that it may not take is told, and stops
nothing else. No secret gets in.
"""
