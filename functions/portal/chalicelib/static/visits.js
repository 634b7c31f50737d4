// Pages of visits, which are forms without script. With it a browser that can speak reads the page, prints it, and asks
// a relative for what only relatives have to say.
(function () {
  "use strict";
  var speech = window.speechSynthesis, aloud = document.getElementById("aloud"), print = document.getElementById("print");

  function all(selector, within) { return Array.prototype.slice.call((within || document).querySelectorAll(selector)); }
  function seen(one) { return one.offsetParent !== null && !one.closest("details:not([open]) > :not(summary)"); }
  /* what stands in something that is read as a whole is not read twice */
  function texts() {
    return all("main h1, main h2, main legend, main label, main p, main dt, main dd, main button").filter(function (one) {
      return !one.closest(".aloud") && seen(one) && !one.parentElement.closest("label, p, dd, button");
    }).map(function (one) { return one.innerText.trim(); }).filter(Boolean);
  }

  if (aloud && speech && window.SpeechSynthesisUtterance) {
    var start = aloud.textContent;
    var rest = function () { speech.cancel(); aloud.setAttribute("aria-pressed", "false"); aloud.textContent = start; };
    aloud.hidden = false;
    aloud.addEventListener("click", function () {
      if (aloud.getAttribute("aria-pressed") === "true") return rest();
      aloud.setAttribute("aria-pressed", "true");
      aloud.textContent = aloud.dataset.stop;
      var some = texts();
      some.forEach(function (text, place) {
        var said = new SpeechSynthesisUtterance(text);
        said.lang = document.documentElement.lang;
        said.rate = 0.85;
        if (place === some.length - 1) said.onend = rest;
        speech.speak(said);
      });
    });
    window.addEventListener("pagehide", rest);
  }

  if (print) {
    print.hidden = false;
    print.addEventListener("click", function () { window.print(); });
  }

  function relatives() {
    var chosen = document.querySelector("[name=asker]:checked");
    all("[name=relative_name], [name=relative_phone], [name=consent]").forEach(function (field) {
      field.required = Boolean(chosen && chosen.value === "relative");
    });
  }
  all("[name=asker]").forEach(function (one) { one.addEventListener("change", relatives); });
  relatives();

  var told = document.getElementById("told");
  if (told) told.focus();
})();
