"""Framing and protection of records (RFC 8446 5, RFC 5246 6)."""
