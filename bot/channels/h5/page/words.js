// What the page itself says. The talk comes from the bot.

export const words = {
  me: "我",
  bot: "自查助手",
  sending: "正在发送",
  waiting: "等网络恢复后发送",
  notSent: "没有发出",
  elsewhere: "您回答过（原话不在这里保留）",
  chosen: "已选",
  offline: "网络断了。您写的都留着，连上后自动发送。",
  reconnecting: "正在重新连接…",
  expired: "登录已过期。您写的还在，重新登录后继续。",
  loginAgain: "重新登录",
  loggingIn: "正在登录…",
  loginFailed: "没有登录成功",
  outside: "请从浙政钉工作台打开这个页面。",
  outsideHelp: "如果已经在浙政钉里，请点“重新登录”再试一次；还是不行，请联系单位联络员。",
  slowLogin: "浙政钉没有回应。请点“重新登录”再试一次。",
  left: "已退出",
  leftHelp: "这个页面上的内容已经清掉。要继续，请重新登录。",
  unreachable: "现在连不上自查助手，正在重试…",
  fileLost: "页面刷新了，文件没有发完，请重新选一次。",
  download: "下载",
  paperGone: "已过期，需要时请重新导出",
  file: "文件",
  quick: ["继续", "待办", "进度", "帮助"],
};

export const fileTooLarge = (size, most) =>
  `这个文件有 ${Math.ceil(size / 100_000) / 10} MB，超过 ${most} MB，没有发送。照片请发普通质量，PDF 请分成几份或者降低清晰度。`;

export const textTooLong = (length, most) => `您写了 ${length} 个字，一次最多 ${most} 个。请分几次发。`;

export const greeting = (name) => (name ? `${name}，您好` : "");
