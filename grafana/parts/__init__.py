"""Panels by what they are about; boards put them in an order."""
