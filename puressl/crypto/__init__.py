"""Ciphers, groups, signatures, key derivation and key objects."""
