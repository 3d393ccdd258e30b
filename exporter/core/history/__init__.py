"""What changed: the differences between inventories and between observations, as one bounded list."""
