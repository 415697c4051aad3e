"""The words of destruction, on the terminal and on the certificate: what each table holds, what stays and why."""

TABLES = {
    "self_check": "自查",
    "answer": "回答",
    "submission": "提交的内容",
    "pledge": "承诺书签署",
    "row_correction": "联络员的更正",
    "risk": "风险",
    "risk_step": "风险跟进",
    "incident": "事件",
    "draw": "抽查",
    "drawn": "抽到的单位和人员",
    "finding": "检查发现",
    "finding_step": "整改经过",
    "exemption": "免填",
    "unit_return": "反馈表",
    "return_step": "反馈表经过",
    "stored_file": "扫描件和文件",
    "issued_paper": "发出材料的登记",
    "todo": "浙政钉待办",
    "firing": "提醒的登记",
    "counter": "编号",
    "data_key": "数据密钥",
    "outgoing": "发件箱的消息",
    "broadcast": "群发",
    "head_count": "人数的累计",
    "callback_proof": "回调的签名",
    "page_line": "网页上的消息",
    "page_upload": "网页上传的文件",
    "page_session": "网页登录",
    "errand": "待取的文件",
    "bell": "待发的工作通知",
    "notice_call": "工作通知的调用",
    "notice_count": "工作通知的次数",
    "inbound": "收件的登记",
    "group_robot": "群机器人",
    "chat_group": "绑定的群",
    "account": "平台账号",
    "data_request": "资料有误的请求",
    "applicant": "待加入的人",
    "appointment": "联络员等职务",
    "membership": "人员所在单位的历史",
    "reporting_term": "单位上报的历史",
    "person": "人员",
    "unit": "单位",
    "reminder_moment": "提醒的时间",
    "read_state": "提醒读了没有",
    "leak_count": "拦截的次数",
    "quota_use": "平台额度的用量",
    "audit": "审计记录",
    "evidence": "存证登记",
    "evidence_day": "每天的校验码",
    "pledge_text": "承诺书文本",
    "setting": "数据库的设置",
}
LAW = (
    "《个人信息保护法》第四十七条：处理目的已实现、无法实现或者为实现处理目的不再必要的，应当主动删除个人信息。",
    "《突发事件应对法》第八十五条：突发事件应急处置工作结束后，对获取的个人信息应当及时销毁。",
)
KEPT = {
    "audit": "处理记录：谁查看、导出、更改、抽查、销毁过（《个人信息保护法》第五十六条，处理情况记录至少保存三年）",
    "evidence": "只有摘要，说明当时有过哪些记录；盐已删除，推不回内容",
    "evidence_day": "公布过的校验码，以后还能核对",
    "pledge_text": "通知附的承诺书全文，不是个人信息",
    "setting": "数据库自身的设置，没有个人信息",
    "counter": "编号和锁，没有个人信息",
    "quota_use": "平台额度按月的用量，没有个人信息",
    "data_key": "其他活动的密钥，或核对存证印记的密钥",
}
NAMELESS = "；人员已换成代号，无法还原"
ROSTER_STAYS = "名册（单位、人员、职务）留着：还有别的活动在用"


def table(name: str) -> str:
    return TABLES.get(name, name)


def beyond(*, sqlite: bool) -> list[str]:
    """What this program cannot reach, and who must act."""
    copies = (
        "备份：数据库的每一份旧备份里还有当时的记录，请逐份销毁；再运行 zicha keys rotate 和 zicha keys forget，"
        "旧备份里封存的号码也打不开"
    )
    blocks = "固态硬盘和快照会把删掉的块留一阵子：加密磁盘，或连虚拟磁盘一起销毁"
    log = "PostgreSQL 的预写日志（WAL）、归档和备库里还有旧内容：请数据库管理员清理归档、重做备库"
    chats = "聊天：钉钉里双方看得到的消息在平台上，请本人或管理员按平台的办法删除"
    return [copies, chats, *([] if sqlite else [log]), blocks]
