"""Measurements and endurance runs; `make help` names them."""
