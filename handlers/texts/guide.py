"""The commands of each role, as 帮助 tells them."""

from storage.rows import Role

_OFFICES = {Role.UNIT: "联络员", Role.COUNTY: "大数据中心", Role.CITY: "市大数据局"}


def help_for(role: Role | None, *, in_group: bool) -> str:
    """What people of a role need every day; `None` for staff without one."""
    staff = _IN_GROUP if in_group else _STAFF
    return f"{staff}\n\n{_OFFICES[role]}还可以：\n{_SCOPES[role]}{_DAILY[role]}" if role else staff


def everything_for(role: Role | None) -> str:
    """Every command of somebody's own role, for 1:1."""
    told = f"{_STAFF}\n{_STAFF_MORE}"
    if role is None:
        return told
    return f"{told}\n\n{_OFFICES[role]}还可以：\n{_SCOPES[role]}{_RETURNS[role]}{_CHECKS[role]}{_OVERSIGHT}"


EVERYTHING = "全部命令"
_IN_GROUP = "自查请私聊我，发“你好”就行，大约2分钟。"
_STAFF = (
    "我能做这些：\n"
    "- **继续**：接着答题\n- **上一步**：改上一题\n- **修改 3**：改第3项\n- **暂停**：先放着，内容都保存\n"
    "- **进度**：看自己的进度\n- **待办**：现在等您办的事\n- **？**：看这一题怎么填"
)
_STAFF_MORE = (
    "- **模板**：几份数据一次写好发回来；**导出 我的表**：在表格里填，把文件发回来\n"
    "- **重新开始**：从头再来；**放弃修改**：提交以后改到一半，不想改了\n"
    "- **风险**：还没处理完的；**风险 3 处理好了**\n"
    "- **代填 李大爷**：替没有账号的同事填；**结束代填**：停下\n"
    "- **我的数据**：有您的哪些数据、存到什么时候、谁能看到；**资料有误 单位写错了**\n"
    "- **活动**：有几个活动时，换一个填"
)
_LOOKING = "- **名单**：还有谁没填\n- **催办**：提醒没填的人，只提醒他们\n"
_PRINTING = "- **导出 反馈表**：附件2，可以直接打印盖章\n- **导出**：看还有哪些可以导出"
_DAILY = {
    Role.UNIT: f"{_LOOKING}- **核对**、**确认反馈表**，盖章后把照片发来，再**上报**\n{_PRINTING}",
    Role.COUNTY: f"{_LOOKING}- **接收**、**退回 紫金街道：原因**：下级报上来的\n"
    f"- **催报**：提醒还没上报的单位\n{_PRINTING}",
    Role.CITY: f"- **接收**、**退回 莲都区：原因**：报上来的\n- **催报**：提醒还没上报的\n"
    f"- **抽查**、**考核**、**督办**\n{_PRINTING}",
}
_SCOPES = {
    Role.UNIT: "- **进度**：本单位和下级的数字\n",
    Role.COUNTY: "- **进度**：全县（市、区）和各单位的数字；**进度 紫金街道**：看一个单位\n",
    Role.CITY: "- **进度**：全市和各县（市、区）的数字；**进度 莲都区**、**进度 紫金街道**：看一处\n",
}
_OVERSIGHT = (
    "- **进度 截至 5月22日18:00**：那时候的数字；**进度 图**：画成图；**领先**、**落后**：下级单位的完成率\n"
    "- **名单**：还有谁没填；**名单 免填**、**名单 逾期**\n"
    "- **免填 张三：长期病假**：不用填的人；**取消免填 张三**\n"
    "- **补签名单**：接触过数据、还没签承诺书的；**风险 紫金街道**：没关闭的风险\n"
    "- **催办**：提醒没填的人，只提醒他们；**群发 未完成：……**：自己写内容，先看预算再发\n"
    "- **导出 反馈表**：附件2，可以直接打印盖章\n"
    "- **导出 承诺书**：附件1，每人两份，打印后签字\n"
    "- **名册**：下载本单位名册，改好发回来；**委托 姓名 到6月1日**：请人代办；**移交 姓名**：交给别人\n"
    "- **导出**：看还有哪些可以导出；加“截至 5月22日18:00”，就是那时候的\n"
    "- **拦截**：拦下过几次个人信息、涉密内容，只有次数\n"
    "- 后面都可以加单位名，例如“名单 紫金街道”\n"
    "- 在群里 @我 发 **绑定**：把群绑到本单位，截止前后往群里报单位数字"
)
_OWN_RETURN = (
    "- **会签**：同事代填、等您同意的；**已签纸质 李大爷**：登记手签的承诺书\n"
    "- **核对**：看反馈表的每一行；**更正 1 栏名：……**：改写法；**合并**：合并相同的行\n"
    "- **确认反馈表**，盖章后把照片发来，再**上报**；**取消确认**：上报前都可以\n"
    "- **扫描件**：看发来了哪些；**经过**：看每一步谁在什么时候办的\n"
)
_RECEIVING = (
    "- **接收**：等着接收的反馈表；**查看 紫金街道**、**退回 紫金街道：原因**\n- **催报**：提醒还没上报的单位的联络员\n"
)
_RETURNS = {
    Role.UNIT: _OWN_RETURN + _RECEIVING,
    Role.COUNTY: _RECEIVING + _OWN_RETURN,
    Role.CITY: _RECEIVING + "- **经过 莲都区**：看每一步谁在什么时候办的\n- **额度**：本月调用额度用了多少\n",
}
_RECTIFY = "- **整改**：检查发现、还没整改完的问题；**考核**：得分和依据\n"
_DRAWS = "- **抽查**：按单位或人员抽查；**发现 紫金街道：……限6月5日**：记录问题，要求整改\n"
_FOLLOW_UP = "- **督办**：逾期的单位和没办结的事件；**登记事件 紫金街道 5月20日：……**；**事件 3 处理：……**\n"
_ABOVE = _DRAWS + _RECTIFY + _FOLLOW_UP
_CHECKS = {Role.UNIT: _RECTIFY, Role.COUNTY: _ABOVE, Role.CITY: _ABOVE}
FOR_OFFICES_ABOVE = "这一项由区县大数据中心和市大数据局来做。您能做的，发“帮助”看。"
SELF_CHECK_IS_DIRECT = "自查请在和我的单聊里做，我已经给您发了消息。群里不收集个人填报内容。"
