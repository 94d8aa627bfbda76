"""The verbs of ``python -m manifests`` beside ``verify``: one file a verb, with ``add_arguments`` and ``run``.

Results go to standard output, sentences for people to standard error.
"""
