"""URL lists and documents without hashes: CC3M, CC12M, SBU, YFCC100M, WIT, RedCaps, OBELICS, mmc4, plain URL and text.

Facts and sources: datasets.md section 1.3.
"""

from __future__ import annotations

from scanner.datasets import Layout, Role

_YFCC = (
    "row photoid hash uid unickname datetaken dateuploaded capturedevice title description usertags machinetags longitude "
    "latitude accuracy pageurl downloadurl licensename licenseurl serverid farmid secret secretoriginal ext marker"
)

LISTED: tuple[Layout, ...] = (
    Layout(
        name="cc3m",
        source="ai.google.com/research/ConceptualCaptions, 2018: TSV, caption before url",
        publisher="Google",
        signature={},
        headerless=("caption", "url"),
        columns={Role.URL: "url", Role.CAPTION: "caption"},
    ),
    Layout(
        name="cc3m-hf",
        source="huggingface.co/datasets/conceptual_captions",
        publisher="Google",
        signature={"image_url": "string", "caption": "string"},
        columns={Role.URL: "image_url", Role.CAPTION: "caption"},
        generic=True,
    ),
    Layout(
        name="cc3m-labelled",
        source="huggingface.co/datasets/conceptual_captions, configuration labeled",
        publisher="Google",
        signature={
            "image_url": "string",
            "caption": "string",
            "labels": "list",
            "MIDs": "list",
            "confidence_scores": "list",
        },
        columns={Role.URL: "image_url", Role.CAPTION: "caption"},
    ),
    Layout(
        name="cc12m",
        source="github.com/google-research-datasets/conceptual-12m, 2021: TSV, url before caption",
        publisher="Google",
        signature={},
        headerless=("url", "caption"),
        columns={Role.URL: "url", Role.CAPTION: "caption"},
    ),
    Layout(
        name="sbu",
        source="cs.rice.edu/~vo9/sbucaptions: a JSON object of arrays",
        publisher="SBU",
        signature={"image_urls": "string", "captions": "string"},
        columns={Role.URL: "image_urls", Role.CAPTION: "captions"},
        generic=True,
    ),
    Layout(
        name="sbu-hf",
        source="huggingface.co/datasets/sbu_captions",
        publisher="SBU",
        signature={"image_url": "string", "user_id": "string", "caption": "string"},
        columns={Role.URL: "image_url", Role.CAPTION: "caption"},
        generic=True,
    ),
    Layout(
        name="yfcc100m",
        source="multimediacommons.org, yfcc100m_dataset.bz2, 2014",
        publisher="Yahoo",
        signature={},
        headerless=tuple(_YFCC.split()),
        columns={
            Role.ROW_KEY: "photoid",
            Role.URL: "downloadurl",
            Role.PAGE_URL: "pageurl",
            Role.CAPTION: "title + description + usertags + unickname",
            Role.LICENSE: "licenseurl",
        },
        url_encoded=frozenset({"title", "description", "usertags", "unickname", "licenseurl"}),
    ),
    Layout(
        name="wit",
        source="github.com/google-research-datasets/wit",
        publisher="Google",
        signature={
            "language": "string",
            "page_url": "string",
            "image_url": "string",
            "page_title": "string",
            "caption_reference_description": "string",
            "caption_attribution_description": "string",
            "caption_alt_text_description": "string",
            "mime_type": "string",
            "original_height": "number",
            "original_width": "number",
        },
        columns={
            Role.URL: "image_url",
            Role.PAGE_URL: "page_url",
            Role.CAPTION: (
                "caption_reference_description + caption_attribution_description + caption_alt_text_description"
            ),
            Role.LANGUAGE: "language",
            Role.ORIGINAL_WIDTH: "original_width",
            Role.ORIGINAL_HEIGHT: "original_height",
        },
        size_of="original",
    ),
    Layout(
        name="redcaps",
        source="redcaps.xyz: one JSON file for each subreddit and year",
        publisher="University of Michigan",
        signature={
            "image_id": "string",
            "subreddit": "string",
            "url": "string",
            "caption": "string",
            "raw_caption": "string",
            "author": "string",
            "created_utc": "number",
            "permalink": "string",
        },
        columns={
            Role.ROW_KEY: "image_id",
            Role.URL: "url",
            Role.PAGE_URL: "permalink",
            Role.CAPTION: "raw_caption + author",
        },
    ),
    Layout(
        name="obelics",
        source="huggingface.co/datasets/HuggingFaceM4/OBELICS",
        publisher="Hugging Face",
        signature={"images": "list", "metadata": "string", "general_metadata": "string", "texts": "list"},
        columns={Role.URL: "images", Role.CAPTION: "texts[beside]"},
        explode="images",
    ),
    Layout(
        name="mmc4",
        source="huggingface.co/datasets/jmhessel/mmc4-ff",
        publisher="Allen Institute for AI",
        signature={"text_list": "list", "url": "string", "image_info": "list", "similarity_matrix": "list"},
        columns={
            Role.URL: "image_info.raw_url",
            Role.PAGE_URL: "url",
            Role.CAPTION: "text_list[image_info.matched_text_index]",
        },
        explode="image_info",
    ),
    Layout(
        name="url-text",
        source="a list of URLs and texts, e.g. huggingface.co/datasets/ChristophSchuhmann/MS_COCO_2017_URL_TEXT",
        signature={"URL": "string", "TEXT": "string"},
        columns={Role.URL: "URL", Role.CAPTION: "TEXT"},
        generic=True,
    ),
    Layout(
        name="url-caption",
        source="a list of URLs and captions, the default column names of img2dataset's output",
        signature={"url": "string", "caption": "string"},
        columns={Role.URL: "url", Role.CAPTION: "caption"},
        generic=True,
    ),
)
