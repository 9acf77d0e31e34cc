"""Connections over byte transports: the first layer that waits."""
