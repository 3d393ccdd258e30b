"""The finding system: findings, rules, evaluation."""
