"""The evidence package: its vocabulary, format, writer, verifier and exports.  Imports nothing of ``scanner``.

The reading and verifying half imports the standard library alone: ``python -I -S manifests verify PACKAGE`` runs from a
checkout with nothing installed.  The contract is ``manifests/spec/evidence-package.md``.
"""
