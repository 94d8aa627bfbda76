"""Looking outside, when the user asked for it.  Nothing here runs by default."""
