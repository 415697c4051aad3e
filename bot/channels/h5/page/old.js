// For clients that are too old for the page: they are told so instead of seeing nothing.

window.onload = function () {
  document.getElementById("door").textContent = "浙政钉的版本太旧，打不开这个页面。请先更新浙政钉，再从工作台打开。";
};
