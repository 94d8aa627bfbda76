"""Opt-out signals: what a site or a picture says of text and data mining, values verbatim.  Pure.

A signal speaks for the day it was seen only; none of them stops a look, all of them are recorded (fetching.md section 4).

==========================  ====================================================================================================
signal                      written down in
==========================  ====================================================================================================
``x-robots-tag``            developers.google.com/search/docs/crawling-indexing/robots-meta-tag; ``noai``, ``noimageai``: DeviantArt, 2022
``tdm-reservation`` …       W3C TDM Reservation Protocol, Community Group Final Report, section on HTTP header fields
``tdmrep.json:…``           the same, ``/.well-known/tdmrep.json``
``content-usage``           AIPREF, draft-ietf-aipref-attach-05, header field and robots.txt rule
``robots:<agent>``          RFC 9309
``c2pa:…``                  C2PA 2.x and CAWG training and data mining assertion
``xmp:…``                   PLUS License Data Format ``DataMining`` (IPTC Photo Metadata 2023.1); TDMRep in XMP
==========================  ====================================================================================================
"""

from __future__ import annotations

from scanner.opt_outs.pictures import picture_signals
from scanner.opt_outs.robots import robots_signals
from scanner.opt_outs.sites import Signal, bounded, header_signals, tdmrep_signals

__all__ = ["Signal", "bounded", "header_signals", "picture_signals", "robots_signals", "tdmrep_signals"]
