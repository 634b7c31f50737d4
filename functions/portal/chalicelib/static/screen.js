/* The code on a lecture's screen: asked for anew every few seconds; without a script the page does so itself. */
(function () {
  "use strict";
  var code = document.getElementById("code");
  var came = document.getElementById("came");
  var lost = document.getElementById("lost");
  var whole = document.getElementById("whole");

  function again() {
    fetch(code.dataset.source, { credentials: "same-origin", headers: { Accept: "application/json" } })
      .then(function (answer) {
        /* the end, or the session is over: the page itself says what there is to say */
        if ([401, 403, 404, 409].indexOf(answer.status) >= 0) location.reload();
        if (!answer.ok) throw new Error();
        return answer.json();
      })
      .then(function (told) {
        code.src = told.image;
        came.textContent = told.came;
        code.hidden = false;
        lost.hidden = true;
      })
      .catch(function () { lost.hidden = false; });
  }
  setInterval(again, 4000);

  if (document.documentElement.requestFullscreen) {
    whole.hidden = false;
    whole.addEventListener("click", function () { document.documentElement.requestFullscreen(); });
  }
})();
