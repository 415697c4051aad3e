// What 浙政钉's client puts into a page it shows: here the phone around the page does it. Stands in for the platform's JSAPI.

(() => {
  if (window.parent === window) return; // an ordinary browser: there is no client around the page
  let asked = 0;
  window.dd = {
    getAuthCode: () =>
      new Promise((resolve, reject) => {
        const number = ++asked;
        window.addEventListener("message", function hear({ source, data }) {
          if (source !== window.parent || data?.answer !== number) return;
          window.removeEventListener("message", hear);
          if (data.code) resolve({ code: data.code });
          else reject(new Error("no code"));
        });
        window.parent.postMessage({ ask: "authCode", number }, "*");
      }),
  };
})();
