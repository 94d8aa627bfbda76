"""Tables and documents made from a package's records: functions of the records, so that they can be made again.

``export`` makes any of them of a package that verifies; ``exports/`` in a package is made by the same modules while
it is sealed.  ``export_case`` does the same for the whole chain of a case.
"""

from manifests.exports.choice import ExportError
from manifests.exports.making import FORMATS, export, export_case

__all__ = ["FORMATS", "ExportError", "export", "export_case"]
