"""Hardware behind Protocols of one to four methods, and the simulated desk phone that is a product feature."""
