"""The socket interface: start and stop, connections, owners, active mode, packets."""
