"""Binds that the kernel refused, told by a small BPF program of our own (docs/adr/0009-bpf-without-compiler.md)."""
