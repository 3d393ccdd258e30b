"""Files of /proc, as kernels write them."""

# Linux 6.18, two CPUs; the columns of 4.9 differ in name and place.
STATISTICS = """\
entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  \
expect_new expect_create expect_delete search_restart
0000000c  00000001 00000002 00000000 00000003 00000000 00000000 00000004 00000000 0000000a 0000000b 0000000c 00000000  \
00000000 00000000 00000000 00000000
0000000c  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 000000f0 00000100 00000001 00000000  \
00000000 00000000 00000000 00000000
"""


SNMP = """\
Ip: Forwarding DefaultTTL InReceives
Ip: 1 64 57740232
IcmpMsg: InType3 OutType3
IcmpMsg: 104 120
Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs \
RetransSegs InErrs OutRsts InCsumErrors
Tcp: 1 200 120000 -1 3556 230 341 161 3 57252008 54915039 227 5 1003 0
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors
Udp: 88542 120 17 53028 16 0 1 0 0
UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors
UdpLite: 0 0 0 0 99 0 0
"""


NETSTAT = """\
TcpExt: SyncookiesSent ListenOverflows ListenDrops TCPLostRetransmit TCPTimeouts TCPLossProbes
TcpExt: 1 40 41 2 115 3
IpExt: InNoRoutes InTruncatedPkts
IpExt: 0 0
"""


# /proc/net/dev of a veth's host end and of the device inside, Linux 6.18, and a device with an emoji in its name.
NET_DEV = """\
Inter-|   Receive                                                |  Transmit
 face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed
    lo:    0       0    0    0    0     0          0         0     0       0    0    0    0     0       0          0
veth1a2b3c4: 648  11    1    2    3     4          5         6   438       7    8    9   10    11      12         13
  eth0:18446744073709551615 18446744073709551615 0 0 0 0 0 0 18446744073709551615 1 0 0 0 0 0 0
 crab🦀: 1 2 3 4 0 0 0 0 5 6 7 8 0 0 0 0
"""
