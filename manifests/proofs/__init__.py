"""Proofs over the seal: who signed it, and since when it exists (evidence package, section 7).

Everything here speaks about the bytes of ``tagmanifest-sha256.txt`` and, through that list, about the whole package.
``der`` reads and writes the few ASN.1 shapes RFC 3161 needs, ``stamps`` is one time stamp as a value, ``issuers``
asks OpenSSL (the reference) or rfc3161-client (the substitute) who issued it, ``keys`` and ``signing`` make and check
the signature, ``stamping`` obtains stamps, ``proof_checks`` is what ``verify`` runs.  Reading and checking import the
standard library alone; ``cryptography`` and ``rfc3161_client`` (extra ``proofs``) are imported where used.
"""
