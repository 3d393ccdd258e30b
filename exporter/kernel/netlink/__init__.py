"""Netlink protocols: rtnetlink, nfnetlink, inet_diag."""
