"""NAT and filter rules: what they are, what they do with a packet, what they counted, and what they should be."""
