"""Private Docker hosts: a network, mount and UTS namespace with a dockerd of its own, gone when closed or killed.

Nothing is imported here: the holder of a host is a process of this package too and has to start fast.
"""
