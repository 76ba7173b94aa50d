"""Measurements and endurance runs; each says at its head what it does."""
