"""Mappings joined to the live datasets that they describe."""
