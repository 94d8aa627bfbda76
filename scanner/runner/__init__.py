"""Runs scans: the shard loop, worker processes, resume, where packages go."""
