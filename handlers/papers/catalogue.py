"""Every paper there is: what it is called, which kind of file, and which room makes it.

To add one: write the maker `(Request, out)` in a room of its own, then a `Paper` here, and in `access.PAPERS` the roles
that may have it. The chat (`导出 …`), the command line (`zicha export …`) and `zicha verify` know it from then on.
"""

from collections.abc import Iterable

from handlers.campaign.definition import Campaign
from handlers.papers import fonts
from handlers.papers.assessment_table import make_assessment_table
from handlers.papers.chart_picture import usable
from handlers.papers.feedback_rows import make_blank_table, make_feedback_table
from handlers.papers.lists import make_missing_list, make_pledge_ledger
from handlers.papers.overdue import make_overdue
from handlers.papers.own_table import make_own_table
from handlers.papers.pledge_book import EACH, make_blank_pledge, make_pledges, nobody_signed
from handlers.papers.progress_picture import make_progress_picture
from handlers.papers.request import Paper
from handlers.papers.risk_ledger import make_risk_ledger
from handlers.papers.roster_paper import make_roster
from handlers.papers.scan import make_scan
from handlers.papers.spot_check_record import make_population, make_spot_check_record, no_population, nothing_drawn
from handlers.papers.summary import make_summary

_ALL = (
    Paper(
        id="feedback_table",
        name="反馈表",
        also=("附件2", "附件二", "表", "自查情况反馈表"),
        extension="xlsx",
        cli="feedback-table",
        make=make_feedback_table,
        title=lambda campaign: campaign.feedback_table.title,
        told="可以直接打印，左上角盖章。",
        options={"分页": ("pages", "unit")},
    ),
    Paper(
        id="blank_table",
        name="空表",
        also=("空白反馈表", "空白表", "空表样"),
        extension="xlsx",
        cli="blank-table",
        make=make_blank_table,
        title=lambda campaign: f"{campaign.feedback_table.title}（空表）",
        told="打印后手填，两行例子照通知原文。",
    ),
    Paper(
        id="pledges",
        name="承诺书",
        also=("附件1", "附件一", "保密承诺书"),
        extension="docx",
        cli="pledges",
        make=make_pledges,
        title=lambda campaign: campaign.pledge.title,
        told="每人两份，打印后由本人填身份证号、签字。",
        options={"分人": (EACH, "1")},
        nothing=nobody_signed,
        there=lambda campaign: campaign.has_pledge,
        bundle=EACH,
    ),
    Paper(
        id="blank_pledge",
        name="空白承诺书",
        extension="docx",
        cli="blank-pledge",
        make=make_blank_pledge,
        title=lambda campaign: f"{campaign.pledge.title}（空白）",
        told="给没有账号或要纸质签字的同事，一式两份。",
        there=lambda campaign: campaign.has_pledge,
    ),
    Paper(
        id="pledge_ledger",
        name="承诺书台账",
        also=("台账", "承诺台账"),
        extension="xlsx",
        cli="pledge-ledger",
        make=make_pledge_ledger,
        told="接触过数据的人对照签了承诺书的人。",
        there=lambda campaign: campaign.has_pledge,
    ),
    Paper(
        id="missing_list",
        name="未完成名单",
        also=("未完成",),
        extension="xlsx",
        cli="missing-list",
        make=make_missing_list,
    ),
    Paper(
        id="progress_picture",
        name="进度图",
        extension="png",
        cli="progress-picture",
        make=make_progress_picture,
        told="是图片，发到群里也只有单位的数字。",
        there=lambda campaign: usable(fonts.found()),
    ),
    Paper(
        id="overdue",
        name="督办清单",
        also=("督办",),
        extension="xlsx",
        cli="overdue",
        make=make_overdue,
    ),
    Paper(
        id="own_table",
        name="我的表",
        extension="xlsx",
        cli="own-table",
        make=make_own_table,
        title=lambda campaign: campaign.feedback_table.title,
        there=lambda campaign: False,  # not a unit's: everybody gets their own from fill_in.py
    ),
    Paper(
        id="summary",
        name="汇总表",
        also=("汇总",),
        extension="xlsx",
        cli="summary",
        make=make_summary,
        title=lambda campaign: f"{campaign.name}汇总表",
        told="有各单位的数字、上报状态和图表。",
    ),
    Paper(
        id="scan",
        name="盖章的反馈表",
        extension="pdf",
        cli="scan",
        make=make_scan,
        there=lambda campaign: False,  # goes out with «查看 单位» only
    ),
    Paper(
        id="risk_ledger",
        name="风险台账",
        extension="xlsx",
        cli="risk-ledger",
        make=make_risk_ledger,
    ),
    Paper(
        id="spot_check_record",
        name="抽查记录",
        also=("抽查名单",),
        extension="xlsx",
        cli="spot-check-record",
        make=make_spot_check_record,
        nothing=nothing_drawn,
        of_draws=True,
        there=lambda campaign: campaign.spot_check is not None,
    ),
    Paper(
        id="spot_check_population",
        name="抽查名册",
        extension="txt",
        cli="spot-check-population",
        make=make_population,
        told="算校验值和重算名单都用里面的 .txt 原文，不要改动。",
        nothing=no_population,
        there=lambda campaign: campaign.spot_check is not None,
        bundle="packed",
        of_draws=True,
    ),
    Paper(
        id="assessment_table",
        name="考核表",
        also=("考核",),
        extension="xlsx",
        cli="assessment-table",
        make=make_assessment_table,
        title=lambda campaign: campaign.assessment.title if campaign.assessment else "考核表",
        there=lambda campaign: campaign.assessment is not None,
    ),
    Paper(
        id="roster",
        name="名册",
        also=("花名册", "人员名册"),
        extension="xlsx",
        cli="roster",
        make=make_roster,
        told="改好后把文件发回给我就行，我先检查，您确认了才会改。带星号的手机号不改就原样留着。",
    ),
)
PAPERS: dict[str, Paper] = {paper.id: paper for paper in _ALL}


def called(name: str) -> Paper | None:
    """The paper that is called so on the command line, or in the chat."""
    return next((paper for paper in _ALL if name in (paper.cli, *paper.names)), None)


def offered(campaign: Campaign) -> Iterable[Paper]:
    """The papers a campaign has, in the order they are listed."""
    return (paper for paper in _ALL if paper.there is None or paper.there(campaign))
