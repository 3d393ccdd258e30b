"""Virtual machines with Debian's kernels and a real systemd, under qemu without KVM.

`cache` keeps what is made once, `root` makes the disk, `customize` and `agent` run in it, `qemu` and `monitor` control
a machine, `machine` runs commands in it, `snapshot` saves one with engine and exporter running, `chosen`
runs a few tests in a limited time.
"""
