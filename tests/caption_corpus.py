"""Captions by hand: what a declared name, alias, handle or title is found in, and what it must not be found in.

Each group declares one thing.  ``found`` are captions that contain it, ``folded`` those that contain it only without combining marks,
``styled`` those where a style phrase stands beside it (they are found too), ``missed`` those that do not contain it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Group:
    script: str
    kind: str
    value: str
    given: str | None = None
    family: str | None = None
    found: tuple[str, ...] = ()
    folded: tuple[str, ...] = ()
    styled: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()


CORPUS = (
    Group(
        "Latin", "name", "Ada Example", given="Ada", family="Example",
        found=(
            "Ada Example", "ada example", "ADA EXAMPLE", "A fox, by Ada Example (2012)", "Ada  Example", "Ada\tExample", "Ada\nExample", "Ada.Example", "Ada-Example",
            "Ada_Example", "Ada, Example", "Example, Ada", "Example Ada", "EXAMPLE, ADA (1901-1980): Fox", "Ada Example's fox", "Ada Example’s fox", "«Ada Example»", "'Ada Example'",
            "by:Ada Example/2012", "Ada Example.jpg", "(Ada Example)", "Ada Ex\u00adample", "A\u200bda Example", "Ａｄａ　Ｅｘａｍｐｌｅ", "\u202eAda Example\u202c", "𝐀𝐝𝐚 𝐄𝐱𝐚𝐦𝐩𝐥𝐞",
            "ｂｙ Ada Example", "Ada Example作品", "由Ada Example绘制", "Ada Example and Bob", "#ada_example", "Ada\u00a0Example", "Ada – Ada Example", "Ada\ufe0f Example", "Ada‐Example", "Ada · Example",
        ),
        folded=("Adá Example", "Ada Exámple", "ADA ÉXAMPLE", "Ada E\u0301xample"),
        styled=("in the style of Ada Example", "inspired by Ada Example", "after Ada Example", "Ada Example fan art", "fan art of Ada Example", "a fox, style of Ada Example", "Ada Example风格", "fox, Ada Example 風"),
        missed=(
            "Ada Examples", "Adam Example", "Ada", "Example", "Ada B. Example", "Ada the Example", "Adaexample", "Ada Example2", "2Ada Example", "Ada and Example", "Exampleada", "Ada....Example", "A da Example",
            "xAda Example", "Ada Exampleх", "Аda Example", "Ada Еxample", "", " ", "example of ada", "Ada\u0301bc Example", "Ada: Example", "Ada/Example", "adaexample.com",
        ),
    ),
    Group(
        "Latin", "name", "Béatrice Łukasz",
        found=("Béatrice Łukasz", "BÉATRICE ŁUKASZ", "Be\u0301atrice Łukasz", "béatrice-łukasz", "art by Béatrice Łukasz, 2019", "Béatrice Łukasz's", "Béatrice  Łukasz"),
        folded=("Beatrice Lukasz", "beatrice lukasz", "Beatrice Łukasz", "Béatrice Lukasz", "BEATRICE LUKASZ (born 1980)", "Bèatrice Lukasz"),
        missed=("Beatrice Lukas", "Beatriz Lukasz", "Lukasz Beatrice", "Béatrice", "Łukasz", "Beatricelukasz", "Beatrice van Lukasz"),
    ),
    Group(
        "Latin", "name", "Søren Ærø",
        found=("Søren Ærø", "SØREN ÆRØ", "søren_ærø"),
        folded=("Soren Aero", "soren aerø"),
        missed=("Søren Ærøs", "Soeren Aeroe", "Søren", "Sören Earo"),
    ),
    Group(
        "Latin", "name", "Straße Weiß",
        found=("Straße Weiß", "STRASSE WEISS", "strasse weiß", "Strasse-Weiss"),
        missed=("Strase Weis", "Straße Weißer", "Straßen Weiß"),
    ),
    Group(
        "Latin", "name", "O'Neil Flannery",
        found=("O'Neil Flannery", "O’Neil Flannery", "o‘neil flannery", "O`Neil Flannery", "by OʼNeil Flannery"),
        missed=("ONeil Flannery", "O Neil Flannery", "O'Neill Flannery"),
    ),
    Group(
        "Latin", "name", "Jean-Luc Dupont",
        found=("Jean-Luc Dupont", "Jean Luc Dupont", "JEAN–LUC DUPONT", "jean_luc_dupont", "Jean‑Luc Dupont", "Jean-Luc, Dupont"),
        missed=("Jeanluc Dupont", "Jean-Luc", "Luc Dupont", "Jean-Luc de Dupont"),
    ),
    Group(
        "Latin", "alias", "The Fox & Hound Studio",
        found=("The Fox & Hound Studio", "print by THE FOX & HOUND STUDIO!", "the fox  & hound studio", "“The Fox & Hound Studio”"),
        missed=("The Fox and Hound Studio", "Fox & Hound Studio", "The Fox & Hound Studios", "the fox hound studio"),
    ),
    Group(
        "Latin", "alias", "Zo",
        found=("Zo", "a drawing by Zo", "Zo's cat", "zo, 2012", "cat (zo)"),
        missed=("Zoo", "zorro", "Lorenzo", "Z o", "zo2"),
    ),
    Group(
        "Latin", "handle", "loish",
        found=("@loish", "by @loish", "@Loish!", "(@loish)", "follow @loish.", "作者@loish的画", "art:@loish", "@ｌｏｉｓｈ", "@loish's art"),
        styled=("inspired by @loish", "after @loish"),
        missed=("loish", "Loish art", "@loish_fan", "@loish2", "@loish.art", "mail@loish.com", "@loishes", "x@loish", "@ loish", "_@loish", ".@loish"),
    ),
    Group(
        "Latin", "handle", "wlop_art",
        found=("@wlop_art", "wlop_art", "WLOP_ART on DeviantArt", "art by wlop_art.", "wlop_art.deviantart.com", "/wlop_art/", "wlop_art作品"),
        missed=("wlop art", "wlop-art", "wlop_arts", "xwlop_art", "_wlop_art", "wlop_art_2", "wlop_art2", "wlopart"),
    ),
    Group(
        "Latin", "handle", "foxpaint3",
        found=("foxpaint3", "@foxpaint3", "Foxpaint3's", "(foxpaint3)", "foxpaint3, 2012"),
        missed=("foxpaint", "foxpaint33", "foxpaint3_", "afoxpaint3", "foxpaint 3"),
    ),
    Group(
        "Latin", "title", "The Red Fox in Winter",
        found=("The Red Fox in Winter", "Ada: the red fox in winter (oil)", "THE RED FOX IN WINTER print", "“The Red Fox  in Winter”", "poster-The Red Fox in Winter-poster"),
        folded=("Thé Red Fox in Winter", "The Red Föx in Winter"),
        missed=("Red Fox in Winter", "The Red Fox in Winters", "The Red-Fox in Winter", "The Red Fox, in Winter", "The Red Fox"),
    ),
    Group(
        "Latin", "title", "Sunflowers",
        found=("Sunflowers", "sunflowers in a vase", "Vase with SUNFLOWERS."),
        missed=("Sunflower", "sunflowersX", "sun flowers"),
    ),
    Group(
        "Cyrillic", "name", "Иван Шишкин", given="Иван", family="Шишкин",
        found=("Иван Шишкин", "ИВАН ШИШКИН", "Шишкин Иван", "Шишкин, Иван (1832-1898)", "картина «Иван Шишкин»", "Иван-Шишкин", "Иван Шишкин: Утро в сосновом лесу", "by Иван Шишкин"),
        styled=("after Иван Шишкин",),
        missed=("Ивана Шишкина", "Иван Шишкина", "Ивaн Шишкин", "Шишкин", "Иван", "ИванШишкин", "Иван И. Шишкин", "Ivan Shishkin", "Иван Шишкин2"),
    ),
    Group(
        "Cyrillic", "alias", "Ёлка",
        found=("Ёлка", "ёлка", "ЁЛКА на снегу", "Е\u0308лка"),
        folded=("Елка", "елка"),
        missed=("ёлкам", "Ёлки", "подёлка"),
    ),
    Group(
        "Greek", "name", "Νίκος Εγγονόπουλος",
        found=("Νίκος Εγγονόπουλος", "ΝΊΚΟΣ ΕΓΓΟΝΌΠΟΥΛΟΣ", "νίκοσ εγγονόπουλος", "έργο: Νίκος Εγγονόπουλος, 1960"),
        folded=("ΝΙΚΟΣ ΕΓΓΟΝΟΠΟΥΛΟΣ", "Νικος Εγγονοπουλος", "Νικος Εγγονόπουλος"),
        missed=("Νίκου Εγγονόπουλου", "Nίκος Εγγονόπουλος", "Νίκος", "Νίκος Α Εγγονόπουλος"),
    ),
    Group(
        "Arabic", "name", "محمود سعيد",
        found=("محمود سعيد", "لوحة محمود سعيد", "محمود  سعيد", "محمود\u200fسعيد محمود سعيد", "(محمود سعيد)", "محمود سعيد، ١٩٣٠", "ﻣﺤﻤﻮﺩ ﺳﻌﻴﺪ"),
        folded=("مَحمود سَعيد", "مُحمود سعيد"),
        missed=("محمود السعيد", "ومحمود سعيد", "محمود سعيدة", "محمود", "سعيد محمود", "محمودسعيد"),
    ),
    Group(
        "Hebrew", "name", "ראובן רובין",
        found=("ראובן רובין", "ציור של ראובן רובין", "ראובן-רובין", "ראובן־רובין", "(ראובן רובין, 1923)"),
        folded=("רְאוּבֵן רובין", "ראובן רוּבין"),
        missed=("ראובן רובינס", "לראובן רובין", "רובין ראובן", "ראובן", "ראובן מ רובין"),
    ),
    Group(
        "Devanagari", "name", "राजा रवि वर्मा",
        found=("राजा रवि वर्मा", "चित्र: राजा रवि वर्मा", "राजा  रवि वर्मा", "राजा-रवि-वर्मा", "(राजा रवि वर्मा)"),
        missed=("राजा रवि वर्म", "राज रवि वर्मा", "राजा रवि", "महाराजा रवि वर्मा", "राजा रवि वर्माजी", "राजा रवी वर्मा"),
    ),
    Group(
        "Han", "name", "齐白石",
        found=("齐白石", "齊白石", "齐白石作品", "国画大师齐白石的虾", "【齐白石】", "齐白石(1864-1957)", "shrimp by 齐白石", "齊白石 蝦", "斉白石", "齐\u200b白石"),
        styled=("齐白石风格的画", "仿齊白石風", "style of 齐白石", "風 齐白石"),
        missed=("白石", "齐白", "齐 白石头画", "石白齐", "齐黑石", "Qi Baishi"),
    ),
    Group(
        "Han", "alias", "高橋留美子",
        found=("高橋留美子", "髙橋留美子", "高桥留美子", "作者：高橋留美子", "高橋留美子先生の漫画", "漫画高橋留美子展"),
        missed=("高橋美子", "高橋 留美子x"[:6], "留美子", "髙橋", "高橋由美子"),
    ),
    Group(
        "Han", "name", "葛飾 北斎",
        found=("葛飾北斎", "葛飾 北斎", "葛飾・北斎", "葛饰北斋", "浮世絵 葛飾北斎 富嶽三十六景", "葛飾　北斎", "葛飾北斎の波"),
        styled=("葛飾北斎風の波",),
        missed=("葛飾", "北斎", "北斎葛飾", "葛飾の北斎", "葛飾南斎"),
    ),
    Group(
        "Han", "alias", "张大千",
        found=("张大千", "張大千", "张大千山水", "nine by 張大千", "畫家張大千作"),
        missed=("张大", "大千", "张小千", "章大千"),
    ),
    Group(
        "Kana", "alias", "ポケモンカード",
        found=("ポケモンカード", "ﾎﾟｹﾓﾝｶｰﾄﾞ", "新品ポケモンカードセット", "ポケモンカード2枚"),
        missed=("ポケモン", "ぽけもんかーど", "ホケモンカード", "ポケモンガード"),
    ),
    Group(
        "Kana", "name", "しょうじ さだお",
        found=("しょうじさだお", "しょうじ さだお", "作：しょうじさだお展"),
        missed=("しょうじ", "さだお", "しようじさだお", "ショウジサダオ", "しょうし さだお"),
    ),
    Group(
        "Hangul", "name", "김홍도 단원",
        found=("김홍도 단원", "김홍도단원", "조선 화가 김홍도 단원의 그림", "김홍도-단원", "\u1100\u1175\u11b7\u1112\u1169\u11bc\u1103\u1169 \u1103\u1161\u11ab\u110b\u116f\u11ab"),
        missed=("김홍도", "단원 김홍도", "김홍 단원", "감홍도 단원"),
    ),
    Group(
        "Thai", "alias", "เฉลิมชัย",
        found=("เฉลิมชัย", "ภาพวาดของเฉลิมชัยที่วัด", "(เฉลิมชัย)", "เฉลิมชัย 2012"),
        missed=("เฉลิม", "ชัยเฉลิม", "เฉลิมชาย"),
    ),
    Group(
        "Armenian", "name", "Մարտիրոս Սարյան",
        found=("Մարտիրոս Սարյան", "ՄԱՐՏԻՐՈՍ ՍԱՐՅԱՆ", "նկար՝ Մարտիրոս Սարյան"),
        missed=("Մարտիրոս Սարյանի", "Սարյան Մարտիրոս", "Մարտիրոս"),
    ),
    Group(
        "Georgian", "name", "ნიკო ფიროსმანი",
        found=("ნიკო ფიროსმანი", "მხატვარი ნიკო ფიროსმანი, 1910", "ნიკო-ფიროსმანი", "ᲜᲘᲙᲝ ᲤᲘᲠᲝᲡᲛᲐᲜᲘ"),
        missed=("ნიკო ფიროსმანის", "ფიროსმანი", "ფიროსმანი ნიკო"),
    ),
)  # fmt: skip
LINES = sum(len(group.found) + len(group.folded) + len(group.styled) + len(group.missed) for group in CORPUS)
