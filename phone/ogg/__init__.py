"""Ogg Opus files (RFC 3533, RFC 7845), pure: pages, packets, a writer for live streams, a reader that seeks."""
