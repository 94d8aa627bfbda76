"""The version: one place, read by the build and by the Manifest."""

__version__ = "0.1.0"
