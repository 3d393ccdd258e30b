"""BPF without a compiler: instructions, maps, loading, tracepoints (docs/adr/0009-bpf-without-compiler.md)."""
