"""Certificates, private-key files, path building and verification."""
