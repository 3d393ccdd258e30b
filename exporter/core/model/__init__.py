"""Values that every subject uses: what Docker and the kernel report."""
