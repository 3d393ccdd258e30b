"""Binds that failed with EADDRINUSE, counted by a BPF program (docs/adr/0009-bpf-without-compiler.md)."""
