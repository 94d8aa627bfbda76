"""Measures this machine against peers, in one run: what ``provscan bench`` prints."""
