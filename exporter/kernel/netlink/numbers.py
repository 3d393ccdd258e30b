"""Numbers of netlink (linux/netlink.h, linux/rtnetlink.h, linux/net_namespace.h, linux/sock_diag.h).

pyroute2 has them too, but an import of any of its modules loads all of it: 10 MB. A test compares both.
"""

NLM_F_REQUEST, NLM_F_DUMP_INTR, NLM_F_DUMP = 0x1, 0x10, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3

RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK = 16, 17, 18
RTM_NEWADDR, RTM_GETADDR = 20, 22
RTM_NEWROUTE, RTM_GETROUTE = 24, 26
RTM_NEWNEIGH, RTM_GETNEIGH = 28, 30
RTM_NEWQDISC, RTM_GETQDISC = 36, 38
RTM_NEWTCLASS, RTM_GETTCLASS = 40, 42
RTM_NEWTFILTER, RTM_GETTFILTER = 44, 46
RTM_DELNSID, RTM_GETNSID = 89, 90
RTM_NEWSTATS, RTM_GETSTATS = 92, 94

SOCK_DIAG_BY_FAMILY = 20
