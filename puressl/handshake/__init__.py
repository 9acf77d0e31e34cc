"""The state machines of TLS 1.3 (RFC 8446 appendix A) and TLS 1.2 (RFC 5246 7.3), free of input and output."""
