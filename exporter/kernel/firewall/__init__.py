"""Packet filter rules and forwarding switches."""
