"""Han characters that are written in more than one way: simplified, traditional, Japanese.

For expanding the few declared names, never for folding captions.  Groups of forms of one character, in the order simplified, traditional,
further forms; a character in two groups stands for either.  The choice is what occurs in personal names and titles, not a whole table of
conversion; a form that is missing here can be declared as an alias.
"""

from __future__ import annotations

import itertools
from typing import Final

MAX_SPELLINGS: Final = (
    64  # of one name; beyond, only the spellings that are simplified, traditional or Japanese throughout
)

_GROUPS: Final = """
万萬 与與 丑醜 专專 业業 丛叢 东東 丝絲 两兩両 严嚴厳 丧喪 个個 丰豐豊 临臨 为為爲 丽麗 举舉挙 义義 乌烏
乐樂楽 乔喬 习習 乡鄉郷 书書 买買 乱亂 争爭 于於 亏虧 云雲 亚亞亜 产產産 亩畝 亲親 亿億 仅僅 从從従 仑侖
仓倉 仪儀 们們 价價価 众眾衆 优優 会會 伞傘 伟偉 传傳伝 伤傷 伦倫 伪偽 体體 佣傭 侠俠侠 侣侶 侦偵 侧側
侨僑 俩倆 俭儉倹 债債 倾傾 偿償 储儲 儿兒児 党黨 兰蘭 关關関 兴興 养養 兽獸獣 内內 冈岡 册冊 写寫写 军軍
农農 冯馮 冲沖衝 决決 况況 冻凍 净淨浄 凉涼 减減 凤鳳 凭憑 凯凱 击擊撃 刘劉 则則 刚剛 创創 别別 剑劍剣
剧劇 劝勸勧 办辦 务務 动動 励勵励 劲勁 劳勞労 势勢 勋勳勲 匀勻 区區 医醫 华華 协協 单單単 卖賣売 卢盧
卫衛衞 却卻 厂廠 厅廳庁 历歷暦 厉厲 压壓圧 厌厭 县縣県 参參 双雙 发發発髪 变變変 叙敘叙 叶葉 号號 叹嘆 吓嚇
吕呂 吗嗎 听聽聴 启啟啓 吴吳呉 员員 周週 咏詠 响響 哑啞 哗嘩 唤喚 啸嘯 喷噴 团團団 园園 围圍囲 国國 图圖図
圆圓円 圣聖 场場 坏壞壊 块塊 坚堅 坛壇 坝壩 坟墳 坠墜 垄壟 垒壘塁 垦墾 埙塤 堕墮堕 墙牆 壮壯壮 声聲声
壳殼殻 壶壺壷 处處処 备備 复復複 够夠 头頭 夹夾 夺奪 奋奮 奖獎奨 奥奧奥 妆妝粧 妇婦 妈媽 娄婁 娅婭 娱娛
婴嬰 婵嬋 孙孫 学學 孪孿 宁寧 宝寶宝 实實実 宠寵 审審 宪憲 宫宮 宽寬寛 宾賓賓 寝寢寝 对對対 寻尋 导導
寿壽寿 将將将 尔爾 尘塵 尝嘗 尧堯 层層層 属屬属 岁歲歳 岂豈 岚嵐 岛島嶋嶌 岭嶺 岳嶽 峡峽峡 峰峯 崃崍 巩鞏
币幣 帅帥 师師 帐帳 带帶帯 帮幫 库庫 应應応 庙廟 庞龐 废廢廃 开開 异異 弃棄 张張 弥彌弥 弯彎 弹彈弾 强強
归歸帰 当當当 录錄録 彦彥彦 彻徹 径徑径 忆憶 忧憂 怀懷懐 态態 怜憐 总總総 恋戀恋 恳懇 恶惡悪 恼惱悩 悦悅悦
悬懸 惊驚 惧懼 惩懲 惭慚 惯慣 愿願 戏戲戯 战戰戦 户戶戸 扎紮 扑撲 执執 扩擴拡 扫掃 扬揚 扰擾 抚撫 抢搶
护護 报報 担擔担 拟擬 拥擁 择擇択 挂掛 挚摯 挥揮 捞撈 损損 换換 据據拠 掷擲 揽攬 携攜携 摄攝摂 摇搖揺 撑撐
敌敵 敛斂 数數数 斋齋斎 斌彬 斗鬥 斩斬 断斷断 无無 旧舊旧 时時 旷曠 昆崑 显顯顕 晋晉晋 晓曉暁 晖暉 暂暫
暧曖 术術 朴樸 机機 杀殺 杂雜雑 权權権 杨楊 杰傑 极極 构構 枪槍 枫楓 柜櫃 柠檸 标標 栋棟 栏欄欄 树樹
样樣様 桥橋 桦樺 桧檜 桩樁 梦夢夢 检檢検 楼樓楼 榄欖 槟檳 横橫横 樱櫻桜 欢歡歓 欧歐欧 残殘残 殴毆殴 毁毀
毕畢 毙斃 气氣気 汇匯 汉漢漢 汤湯 沟溝 没沒没 沣灃 沧滄 沩溈 沪滬 泪淚涙 泸瀘 泻瀉 泼潑 泽澤沢 洁潔 浅淺浅
浆漿 浇澆 浊濁 测測 济濟済 浑渾 浓濃 涂塗 涛濤涛 涟漣 润潤 涨漲 渊淵渊 渐漸 渔漁 渗滲 温溫温 湾灣湾 湿濕湿
溪谿渓 滚滾 满滿満 滤濾 滥濫 滨濱浜 滩灘 潇瀟 潜潛潜 澜瀾 瀬瀨 灭滅 灯燈灯 灵靈霊 灾災 炉爐炉 炜煒 炼煉
烁爍 烂爛 烟煙 烦煩 烧燒焼 烨燁 热熱 焕煥 焘燾 爱愛 爷爺 牵牽 犹猶 独獨独 狭狹狭 狮獅 狱獄 猎獵猟 猪豬
猫貓 献獻献 玛瑪 环環 现現 珑瓏 琏璉 琐瑣 琼瓊 瑶瑤瑶 瓯甌 电電 画畫画 畅暢 畴疇 疗療 疯瘋 皑皚 皱皺 盏盞
盐鹽塩 监監 盖蓋 盘盤 眯瞇 着著 矫矯 矿礦鉱 码碼 砖磚 砚硯 础礎 硕碩 确確 礼禮礼 祎禕 祯禎 祷禱祷 祸禍
禅禪禅 离離 秃禿 秆稈 种種 积積 称稱称 稣穌 稳穩穏 穷窮 窃竊窃 窍竅 窑窯 窝窩 窥窺 竖豎 竞競 笃篤 笔筆
笺箋 笼籠 筑築 签簽 简簡 箫簫 篮籃 籁籟 类類 粤粵 粮糧 紧緊 纠糾 红紅 约約 级級 纪紀 纬緯 纯純 纱紗 纲綱
纳納 纵縱縦 纸紙 纹紋 纺紡 线線 练練 组組 绅紳 细細 织織 终終 绍紹 经經経 绒絨 结結 绕繞 绘繪絵 给給 绚絢
绛絳 络絡 绝絕絶 统統 绢絹 绣繡 继繼継 绩績 绪緒緒 续續続 绫綾 绮綺 绯緋 绳繩縄 维維 绵綿 绿綠緑 缀綴 缅緬
缓緩 缔締 编編 缘緣縁 缨纓 缩縮 罗羅 罚罰 罢罷 翘翹 翱翺 耸聳 聂聶 职職 联聯 聪聰聡 肃肅粛 肤膚 肾腎 肿腫
胀脹 胁脅 胆膽胆 胜勝 脉脈 脏臟臓 脑腦脳 脸臉 腊臘 舆輿 舰艦 艳艷艶 艺藝芸 节節 芜蕪 芦蘆 苍蒼 苏蘇 苹蘋
茎莖茎 荐薦 荣榮栄 荫蔭 药藥薬 莱萊 莲蓮 莹瑩 莺鶯 获獲 萝蘿 萤螢蛍 营營営 萧蕭 萨薩 葱蔥 蒋蔣 蓝藍 蓟薊
蔷薔 蔼藹 蕴蘊 虏虜 虑慮 虚虛虚 虫蟲 虽雖 虾蝦 蚀蝕 蚁蟻 蚂螞 蚕蠶蚕 蛮蠻蛮 蜡蠟 蝇蠅 蝉蟬 衅釁 补補 袄襖
袜襪 袭襲 装裝装 见見 观觀観 规規 视視 览覽覧 觉覺覚 触觸触 誉譽誉 计計 订訂 认認 讨討 让讓譲 训訓 议議
记記 讲講 许許 论論 设設 访訪 证證証 评評 识識 诉訴 词詞 译譯訳 试試 诗詩 诚誠 话話 诞誕 详詳 语語 误誤
说說説 请請 诸諸 诺諾 读讀読 课課 谁誰 调調 谈談 谊誼 谋謀 谢謝 谣謠謡 谦謙 谭譚 谷穀 贝貝 贞貞 负負 贡貢
财財 责責 贤賢 败敗 货貨 质質 贩販 贪貪 贫貧 购購 贯貫 贵貴 贷貸 费費 贺賀 贾賈 资資 赋賦 赏賞 赐賜
赖賴頼 赛賽 赞贊賛 赠贈 赢贏 赵趙 赶趕 趋趨 跃躍 践踐践 踪蹤 车車 轨軌 轩軒 转轉転 轮輪 软軟 轰轟 轻輕軽
载載 轿轎 较較 辉輝 辈輩 输輸 辞辭辞 边邊辺邉 辽遼 达達 迁遷 过過 迈邁 运運 还還 这這 进進 远遠 违違 连連
迟遲遅 迹跡 适適 选選 逊遜 递遞逓 逻邏 遗遺 邓鄧 邬鄔 邮郵 邹鄒 邻鄰隣 郁鬱 郑鄭 酝醞 酱醬 酿釀 释釋釈
里裏裡 鉴鑒鑑 针針 钓釣 钟鐘鍾 钢鋼 钦欽 钧鈞 钱錢銭 钻鑽 铁鐵鉄 铃鈴 铅鉛 铜銅 铭銘 银銀 锁鎖 锅鍋 锋鋒
锐銳鋭 锡錫 锦錦 键鍵 镇鎮鎭 镜鏡 长長 门門 闪閃 闭閉 问問 闲閒 间間 闵閔 闻聞 闽閩 阁閣 阅閱閲 阎閻 阔闊
队隊 阳陽 阴陰 阵陣 阶階 际際 陆陸 陈陳 陕陝 险險険 随隨随 隐隱隠 难難 雏雛 雾霧 霁霽 静靜静 韦韋 韩韓
页頁 项項 顺順 须須 顾顧 顿頓 颂頌 预預 领領 频頻 题題 颜顏顔 额額 风風 飞飛 饭飯 饮飲 饰飾 饶饒 馆館舘
马馬 驰馳 驱驅駆 驴驢 驸駙 驹駒 驻駐 驾駕 骄驕 骆駱 验驗験 骏駿 骑騎 骗騙 鱼魚 鲁魯 鲍鮑 鲜鮮 鲤鯉 鲸鯨
鸟鳥 鸡雞鶏 鸣鳴 鸥鷗鴎 鸦鴉 鸭鴨 鸿鴻 鹅鵝 鹏鵬 鹤鶴 鹰鷹 麦麥麦 黄黃黄 黑黒 默黙 齐齊斉 齿齒歯 龄齡齢
龙龍竜 龟龜亀 高髙 崎﨑碕嵜 吉𠮷 浜濵 真眞 斎齋齊斉 広廣广 渋澁 沢澤 桜櫻 徳德 恵惠 巌巖岩 穂穗 瀧滝 亀龜
清淸 青靑 曽曾 館舘 瀬瀨 壱壹 弐貳 呉吳 鴬鶯 竜龍 万萬 栄榮 条條条 县縣 来來来 条條 佛仏佛 假仮假 伝傳
团團 气氣 児兒 国國圀 壊壞 塩鹽 奥奧 変變 尽盡尽 摂攝 斉齊 栃櫔 歩步 涙淚 渓溪 畳疊 砕碎 粋粹
"""  # fmt: skip


def _table() -> dict[str, str]:
    table: dict[str, dict[str, None]] = {}
    for group in _GROUPS.split():
        for character in group:
            table.setdefault(character, {}).update(dict.fromkeys(group))
    return {character: "".join(others) for character, others in table.items() if len(others) > 1}


FORMS: Final = _table()
"""A character to all its forms, itself among them, in the order of the groups."""

_FORM_OF: Final = tuple(
    {character: group[min(column, len(group) - 1)] for group in _GROUPS.split() for character in group}
    for column in range(3)
)


def spellings(name: str) -> tuple[str, ...]:
    """A name in all forms of its characters, without the name itself, in a fixed order.

    Where that would be more than ``MAX_SPELLINGS``, the name written simplified, traditional and Japanese throughout.
    """
    forms = [FORMS.get(character, character) for character in name]
    count = 1
    for form in forms:
        count *= len(form)
    if count > MAX_SPELLINGS:
        whole = ["".join(table.get(character, character) for character in name) for table in _FORM_OF]
        return tuple(spelling for spelling in dict.fromkeys(whole) if spelling != name)
    found = ("".join(characters) for characters in itertools.product(*forms))
    return tuple(spelling for spelling in dict.fromkeys(found) if spelling != name)
