"""The base of all rules: findings and how long they persist."""
