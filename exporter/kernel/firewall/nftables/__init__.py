"""nf_tables over netlink: the rules of iptables-nft and of Docker's own nftables backend.

Own decoding, because the tools lose data: `nft -j` prints iptables' targets without their parameters, iptables-save
prints "no rules" with exit status 0 on one foreign rule, libnftables of one version crashes on tables of another.
Sources: linux/netfilter/nf_tables.h, linux/netfilter/nfnetlink.h.
"""
