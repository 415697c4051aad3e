"""What the operator is told in their own chat when something needs a hand: what, since when, what to do next."""

TITLE = "自查机器人告警"


def alarm(words: str) -> str:
    return f"【自查机器人告警】{words}\n\n一小时内同类的不再重复。详情看运行日志，或者在服务器上运行 zicha status。"


def stream_down(minutes: int) -> str:
    return f"连不上钉钉已经{minutes}分钟，收不到消息。请看网络和 no stream connection 开头的日志；连上以后会自己恢复。"


def disk_low(free: int) -> str:
    return f"数据文件夹所在的磁盘只剩 {free} MB。写满以后收不下消息，请腾出空间；不要删 zicha.sqlite3-wal。"


def queue_full(count: int, most: int) -> str:
    return f"排队的消息超过{most}条，{count}条没有收下（平台会再推，也请本人稍后再发）。一直这样就换快些的机器。"


def unstored(count: int) -> str:
    return f"{count}条消息没能存下，没有应答，平台会再推。请看 stream.unstored 的日志：多半是磁盘满了或数据库被锁住。"


def doubtful(count: int) -> str:
    return f"一小时内有{count}条消息存疑：平台没有回音，不知道送到没有。请运行 zicha outbox 看，再决定重发还是放弃。"


def faults(count: int) -> str:
    return f"一小时内有{count}条消息程序没能处理好，本人收到了编号。请看 intake.fault 的日志，带上编号找开发。"
