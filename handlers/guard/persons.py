"""Lists of persons in a folded text: lines with a name and something about it, or names of patients. Pure.

Names are told by surname and length, and only in rows: one name is nobody's business, a column of them is a list.
"""

import re
from collections.abc import Iterator

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛"
    "伍韦申尤毕聂丛焦向柳邢路岳齐梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景"
    "薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来嵺苟全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏"
    "栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌银扬明沙薄伏岑习胥保和蔺"
    "吾麻"
)
_DOUBLE = "欧阳|太史|端木|上官|司马|东方|独孤|南宫|夏侯|诸葛|尉迟|皇甫|司徒|令狐|慕容|长孙"
_NAME = rf"(?:(?:{_DOUBLE})[\u4e00-\u9fff]{{1,2}}|[{_SURNAMES}][\u4e00-\u9fff某×*]{{1,2}})"
_NUMBERING = r"(?:[(（]?\d{1,4}[)）.、:：,，\s]|[一二三四五六七八九十]{1,3}[、.])?"
_ROW = re.compile(
    rf"^\s{{0,8}}{_NUMBERING}\s{{0,8}}(?:姓名[:：]?)?(?P<name>{_NAME})(?=$|[\s,，、;；:：|/(（\d])(?P<rest>.{{0,200}})"
)
_ABOUT = (
    re.compile(r"\d{3,4}[\s*＊x-]{0,3}[\d*＊xX\s-]{4,15}|电话|手机|身份证"),
    re.compile(r"[男女](?=$|[\s,，、;；|/\d)）])"),
    re.compile(r"\d{1,3}\s?周?岁"),
    re.compile(
        r"[\u4e00-\u9fff]{2}(?:路|街|巷|弄|村|小区|花园|苑|公寓|幢|栋|单元|新村|社区|街道|乡|镇)\s?\d{1,5}|"
        r"\d{1,4}\s?(?:幢|栋|单元|室|号楼)|住址|地址|家住|现住"
    ),
    re.compile(r"阳性|阴性|密接|次密|确诊|隔离|健康码|黄码|红码|轨迹|发热|核酸|感染"),
)
"""What is said of somebody: how to reach them, sex, age, where they live, how they are."""
_A_RECORD = 3
"""So many of these of one person are that person's record."""
_PATIENTS = re.compile(
    r"确诊|阳性|密接|密切接触|次密|感染者|病例|患者|隔离人员|隔离对象|隔离点|隔离的|流调|黄码|红码|时空伴随|发热人员|重点人员|"
    r"居家隔离|集中隔离"
)
_NOTE = r"(?:[(（][^()（）\n]{1,12}[)）])?"
_BETWEEN = rf"{_NOTE}(?:[、,，\s;；]{{1,4}}(?:和|及)?|[和与及])"
_STATED = re.compile(
    rf"(?:^|[\s,，、;；:：。(（])({_NAME})(?:也?[是系为]|的)?(?:密接|次密|阳性|确诊|核酸阳|红码|黄码|无症状|感染)"
)
_STAFF = re.compile(
    r"工作人员|负责|组长|组员|队员|联络员|网格员|采样员|管理员|填报人|责任人|联系人|医生|护士|值班|参加|培训|排查组|专班|成员|志愿者|干部|民警"
)
_AROUND = 14
_NAMES = re.compile(rf"(?:(?<![\u4e00-\u9fff])|(?<=[者员例象接诊性是为有括下叫])){_NAME}(?:{_BETWEEN}{_NAME}){{1,60}}")
_PLACES = re.compile(
    r"(?:[、,，和][\u4e00-\u9fff]{2,6}?){0,6}[等共]?[一二两三四五六七八九十\d]{0,3}个?(?:社区|村|街道|乡|镇|县|区|单位|部门|小区|处|点|家|所|办|局|科|系统|组)"
)
_NO_NAME = re.compile(
    r"时空|方案|方式|方面|方法|方便|路径|路线|路由|时间|时候|高风|高速|高龄|成员|成功|关于|关键|管理|管控|文件|文档|文字|全部|全员|全市|"
    r"都已|都有|都没|都是|于是|向上|向下|安全|安排|常用|常住|明确|明细|明天|和其|来自|来源|来往|计划|计算|时限|应急|应用|位置|单位|单独|"
    r"解除|解释|连接|连续|车辆|车牌|房间|房屋|边界|项目|路段|商业|官方|原因|原件|台账|台式|包括|包含|查看|查询|应该|应当|易于|温度|强制|"
    r"宁波|金华|温州|黄码|白名|马上|石头|谈话|谈心|党员|党支|党委|党组|农村|申报|申请|申领|黎明|金山|白云|万象|紫金|岩泉|联城|华东|华为|沙湾|"
    r"景宁|龙泉|松阳|青田|云和|庆元|遂昌|缙云|莲都|和平|平台|通知|纪要|纪律|纪委|冷链|左右|原始|关联|成立|车站|"
    r"司机|司法|古城|古镇|花名|景区|乐意|左侧|何时|何地|何人|何种|边检|海关|向各|时间|强化|应检|全程|全民|全县|全区|盖章|商户|商超|商场"
)
_ROWS_OF_A_LIST, _NAMES_OF_PATIENTS, _NAMES_ALONE = 3, 2, 8


def listed(text: str) -> int:
    """How many persons are listed, 0 where that is no list."""
    rows = alone = 0
    record = False
    for line in text.splitlines():
        found = _ROW.match(line)
        if found is None or _NO_NAME.match(found["name"]):
            continue
        known = sum(about.search(found["rest"]) is not None for about in _ABOUT)
        rows += known > 0
        record = record or known >= _A_RECORD
        alone += not found["rest"].strip(" ,，、;；.。")
    if rows >= _ROWS_OF_A_LIST or record:
        return rows
    ill = _PATIENTS.search(text) is not None
    if alone >= (_ROWS_OF_A_LIST if ill else _NAMES_ALONE):
        return alone
    return max(_of_patients(text), default=0) if ill else 0


def _of_patients(text: str) -> Iterator[int]:
    """The names that are told one after the other in sentences about patients."""
    for sentence in re.split(r"[。！!？?\n]", text):
        if not _PATIENTS.search(sentence):
            continue
        stated = {name for name in _STATED.findall(sentence) if not _NO_NAME.match(name)}
        if len(stated) >= _NAMES_OF_PATIENTS:
            yield len(stated)
        for found in _NAMES.finditer(sentence):
            names = [name for name in re.findall(_NAME, found[0]) if not _NO_NAME.match(name)]
            around = sentence[max(0, found.start() - _AROUND) : found.start()], sentence[found.end() : found.end() + 8]
            staff = any(map(_STAFF.search, around))
            if len(names) >= _NAMES_OF_PATIENTS and not staff and not _PLACES.match(around[1]):
                yield len(names)
