"""Where the programs keep what: offsets on the stack, and registers."""

from exporter.kernel.bind_failures.records import SIZE_OF_REFUSAL, SIZE_OF_TALLY, Tally
from exporter.kernel.bpf.instructions import R6, R7, R8
from exporter.kernel.bpf.macros import SCRATCH, offset_of

# Offsets from FP, below the scratch bytes of macros.
KEY = SCRATCH - SIZE_OF_REFUSAL  # struct refusal
VALUE = KEY - SIZE_OF_TALLY  # struct tally, and in it:
SHARE = VALUE + offset_of(Tally, "share")  # struct share
INDEX = VALUE - 8  # the only key of the array `lost`, and the value of a new share

# Registers that a helper leaves alone, and what is in them from start to end; R9 is free for whatever is dereferenced.
TASK, SOCK, ARGUMENT = R6, R7, R8
