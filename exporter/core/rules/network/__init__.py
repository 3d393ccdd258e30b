"""Rules about networks, their devices and addresses."""
