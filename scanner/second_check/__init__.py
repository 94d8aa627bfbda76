"""Confirmation of a hit on the pictures themselves: align, compare the structure block by block, show it."""

from scanner.second_check.pictures import comparison_pictures, in_whole_picture
from scanner.second_check.structure import METHOD, THRESHOLD, SecondCheck, second_check

__all__ = ["METHOD", "THRESHOLD", "SecondCheck", "comparison_pictures", "in_whole_picture", "second_check"]
