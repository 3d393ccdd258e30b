"""What is wrong with Docker's NAT and filter rules: one file for each kind."""
