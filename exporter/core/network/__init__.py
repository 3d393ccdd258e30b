"""Findings about networks: context, rules, evaluation."""
