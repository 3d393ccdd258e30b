"""nf_tables over netlink: what iptables-nft and Docker's own nftables backend write alike.

Own decoding, because the tools lose data: `nft -j` prints iptables' targets without where they lead, iptables-save says
"no rules" with exit status 0 beside one foreign rule, libnftables of one version crashes on tables of another.
Sources: linux/netfilter/nf_tables.h, linux/netfilter/nfnetlink.h.
"""
