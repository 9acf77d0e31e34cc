"""TLS in pure Python: no OpenSSL, no compiled code, certificates verified."""
