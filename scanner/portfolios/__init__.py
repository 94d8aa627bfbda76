"""The artist's pictures: folders, files and a ``works.csv`` to a Portfolio.

Every file is either a Work, one of the files of a Work, a rendition of one, or excluded with its reason; what is no
picture at all is counted.  Hidden files and folders are not looked into.  Nothing is written, nothing leaves the
machine, and one bad file never stops the rest.
"""

from scanner.portfolios.reading import read_portfolio

__all__ = ["read_portfolio"]
