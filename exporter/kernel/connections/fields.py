"""Fields of the kernel's structures: loaded directly where the verifier has the type, else by a helper."""

from exporter.kernel.bpf.btf import Btf
from exporter.kernel.bpf.instructions import BYTE, DOUBLE, FP, HALF, R1, WORD, Code, load, store
from exporter.kernel.bpf.macros import SCRATCH, read_kernel

BYTES = {BYTE: 1, HALF: 2, WORD: 4, DOUBLE: 8}
ADDRESS_BYTES = 16


class Fields:
    """`direct` is for typed programs: a load that the verifier checks. The helper reads zeros at a bad address."""

    def __init__(self, btf: Btf, *, direct: bool) -> None:
        self.btf, self.direct = btf, direct

    def read(self, dst: int, source: int, width: int, *names: str) -> Code:
        """Read a field: dst = source->field. The helper's way uses R0 to R5 and the scratch bytes."""
        offset = self.btf.offset(*names)
        if self.direct:
            return [load(width, dst, source, offset)]
        return [*read_kernel(SCRATCH, BYTES[width], source, offset), load(width, dst, FP, SCRATCH)]

    def copy_address(self, place: int, source: int, name: str) -> Code:
        """Copy an IPv6 address to the stack."""
        offset = self.btf.offset(name)
        if not self.direct:
            return read_kernel(place, ADDRESS_BYTES, source, offset)
        return [
            step
            for at in range(0, ADDRESS_BYTES, 4)
            for step in (load(WORD, R1, source, offset + at), store(WORD, FP, place + at, R1))
        ]

    def tcp(self, dst: int, source: int, width: int, name: str) -> Code:
        """Read a field of struct tcp_sock."""
        return self.read(dst, source, width, f"tcp_sock.{name}")
