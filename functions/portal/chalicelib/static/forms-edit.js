/* Making a form: what was changed is kept at once, and the preview shows it. Without it every form has its button. It is on
   every page that leads to one, for those are put in its place piece by piece. */
(function () {
  "use strict";
  var busy = Promise.resolve(), waiting = 0;
  var all = function (selector, inside) { return Array.prototype.slice.call((inside || document).querySelectorAll(selector)); };
  var place = function () { return document.querySelector(".editing"); };
  function key() {
    return Array.prototype.map.call(crypto.getRandomValues(new Uint8Array(12)), function (one) {
      return ("0" + one.toString(16)).slice(-2);
    }).join("");
  }
  function tell(form, text) {
    var told = form.querySelector(".kept");
    if (told) told.textContent = text;
  }

  /* the page as it is now: of it only what follows from the form is put in its place, never what is being typed */
  function refresh() {
    return fetch(location.href, { credentials: "same-origin" }).then(function (answer) {
      return answer.ok ? answer.text() : "";
    }).then(function (text) {
      var page = new DOMParser().parseFromString(text, "text/html");
      ["standing", "preview"].forEach(function (id) {
        var before = document.getElementById(id), after = page.getElementById(id);
        if (before && after) before.replaceWith(document.adoptNode(after));
      });
      var standing = document.getElementById("standing");
      if (standing && window.htmx) window.htmx.process(standing);
    });
  }

  function keep(form) {
    var sent = {};
    new FormData(form).forEach(function (value, name) { if (name !== "next") sent[name] = value; });
    tell(form, place().dataset.saving);
    return fetch(form.getAttribute("action"), {
      method: "POST", body: JSON.stringify(sent), credentials: "same-origin", headers: { "Content-Type": "application/json" }
    }).then(function (answer) {
      return answer.json().then(function (told) {
        if (!answer.ok) return tell(form, told.detail || told.title || place().dataset.lost);
        all("input[name=version]").forEach(function (field) { field.value = told.version; });
        form.querySelector("[name=idempotency_key]").value = key();
        tell(form, place().dataset.saved);
        return refresh();
      });
    }).catch(function () { tell(form, place().dataset.lost); });
  }

  document.addEventListener("change", function (event) {
    var form = event.target.closest("form.autosave");
    if (!form || !window.fetch || !place()) return;
    /* what is asked for differently looks different itself */
    if (event.target.hasAttribute("data-whole")) return busy.then(function () { form.requestSubmit(); });
    waiting += 1;
    busy = busy.then(function () { return keep(form); }).then(function () { waiting -= 1; });
  });

  /* whatever is pressed meanwhile waits, so that it is sent with the version that was kept last */
  document.addEventListener("submit", function (event) {
    var form = event.target, button = event.submitter;
    if (!waiting || !form.closest("#standing, .editing")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    busy.then(function () { if (form.isConnected) form.requestSubmit(button && button.isConnected ? button : undefined); });
  }, true);
})();
