"""Stores by where they lie: in a folder, or at an address."""
