"""What the chat page's server says by itself: about logging in, files and papers. The talk stands in the other rooms;
the words on the page's own buttons and banners stand with the page."""

LOGIN_AGAIN = "登录已过期，请重新登录。您写的内容还在。"
LOGIN_FAILED = "没有登录成功，请点“重新登录”再试一次。一直不行，请关掉页面，从浙政钉工作台重新打开。"
LOGIN_LATER = "现在连不上浙政钉，请过一会儿点“重新登录”。"
NOT_LET_IN = "这个账号不属于本单位所在的组织，不能使用。请用本单位的账号登录，或者联系单位联络员。"
FROM_ELSEWHERE = "这个请求不是从自查页面发来的，没有处理。请从浙政钉工作台重新打开页面。"
NOT_UNDERSTOOD = "页面发来的内容不完整，没有处理。请刷新页面再试。"
TOO_FAST = "发得太快了，请等几秒。"
TOO_MANY_PAGES = "同时打开的页面太多，请关掉几个。"
NOT_THERE = "没有这个页面。"
NO_BUTTON = "这个按钮已经不在了，请点最新一条消息里的按钮。"
PAPER_GONE = "这份材料已过期，或者现在不归您下载。需要的话，请回到页面重新发一次导出的命令。"
PAPER_TROUBLE = "这份材料现在没能生成，请回到页面，过一会儿再点一次下载。还是不行，请联系单位联络员。"
TROUBLE = "这一步没有存下来，请稍后再试。"


def file_too_large(limit_mb: int) -> str:
    return f"文件超过 {limit_mb} MB，没有发送。照片请发普通质量，PDF 请分成几份或者降低清晰度。"


SLOW_FILE = "网络太慢，文件没有发完，会自动再试。"
EMPTY_FILE = "这个文件是空的，没有发送。请重新选一个。"
