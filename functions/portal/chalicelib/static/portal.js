/* What makes the pages quicker for who has a script; without it every page and form works as it is. */
(function () {
  "use strict";
  var typed = null;
  var main = function () { return document.getElementById("main"); };
  var lost = function () { return document.getElementById("lost"); };
  var all = function (selector, inside) { return Array.prototype.slice.call((inside || document).querySelectorAll(selector)); };

  function complain(kind) {
    lost().textContent = document.body.dataset[kind];
    lost().hidden = false;
  }

  /* A queue: how many are chosen stands on the button. */
  function count(form) {
    var boxes = all("input[name=case]", form);
    var chosen = boxes.filter(function (box) { return box.checked; }).length;
    var button = form.querySelector(".sticky button");
    button.textContent = form.dataset[chosen ? "label" : "none"].replace("#", chosen);
    button.disabled = !chosen;
    var every = form.querySelector("[data-all]");
    every.checked = chosen === boxes.length;
    every.indeterminate = chosen > 0 && chosen < boxes.length;
  }

  function prepare() {
    all("form.bulk").forEach(function (form) {
      form.querySelector(".pick-all").hidden = false;
      count(form);
    });
    all(".find").forEach(function (place) { place.hidden = false; });
    copies();
  }

  document.addEventListener("change", function (event) {
    var form = event.target.closest("form.bulk");
    if (!form) return;
    if (event.target.hasAttribute("data-all")) {
      all("input[name=case]", form).forEach(function (box) { box.checked = event.target.checked; });
    }
    count(form);
  });

  document.addEventListener("input", function (event) {
    var rows = event.target.dataset.filter;
    if (!rows) return;
    var wanted = event.target.value.trim().toLowerCase();
    var seen = 0;
    all(rows).forEach(function (row) {
      row.hidden = row.firstElementChild.textContent.toLowerCase().indexOf(wanted) < 0;
      seen += row.hidden ? 0 : 1;
    });
    var told = document.querySelector(event.target.dataset.count);
    told.textContent = told.textContent.replace(/\d+/, seen);
  });

  function press(form) {
    all("button", form).forEach(function (button) { button.disabled = true; });
  }
  document.addEventListener("submit", function (event) {
    var form = event.target;
    /* one turn later, so that the form is sent first; what htmx sends is pressed below, once it is confirmed */
    if (!form.matches("[hx-boost]")) setTimeout(function () { press(form); }, 0);
  });
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) all("button[disabled]").forEach(function (button) { button.disabled = false; });
  });

  document.addEventListener("htmx:beforeRequest", function (event) {
    lost().hidden = true;
    var form = event.detail.elt;
    typed = form.tagName === "FORM" ? { action: form.getAttribute("action"), data: new FormData(form) } : null;
    if (typed) press(form);
  });
  function release(event) {
    all("button", event.detail.elt.tagName === "FORM" ? event.detail.elt : main()).forEach(function (button) { button.disabled = false; });
  }
  document.addEventListener("htmx:sendError", function (event) { release(event); complain("lost"); });
  document.addEventListener("htmx:timeout", function (event) { release(event); complain("lost"); });
  document.addEventListener("htmx:responseError", function (event) {
    release(event);
    complain([401, 403].indexOf(event.detail.xhr.status) >= 0 ? "ended" : "failed"); /* our own refusals are redirects */
  });

  document.addEventListener("htmx:afterSettle", function () {
    prepare();
    var notice = document.getElementById("notice");
    if (!notice) return;
    document.getElementById("live").textContent = notice.textContent;
    if (typed && notice.classList.contains("bad")) restore(typed);
    notice.focus({ preventScroll: true });
    notice.scrollIntoView({ block: "nearest" });
    typed = null;
  });

  /* What was refused keeps what was typed. */
  function restore(kept) {
    var form = all("form").filter(function (one) { return one.getAttribute("action") === kept.action; })[0];
    if (!form) return;
    all("input, textarea, select", form).forEach(function (field) {
      if ((field.type === "hidden" && !field.closest(".upload")) || !field.name || !kept.data.has(field.name)) return;
      if (field.type === "radio" || field.type === "checkbox") field.checked = kept.data.getAll(field.name).indexOf(field.value) >= 0;
      else field.value = kept.data.get(field.name);
    });
    var fold = form.closest("details");
    if (fold) fold.open = true;
    if (form.matches(".bulk")) count(form);
    form.dispatchEvent(new Event("restored", { bubbles: true }));
  }

  /* An address to hand on. */
  function copies() {
    if (!navigator.clipboard) return;
    all("[data-copy]").forEach(function (button) { button.hidden = false; });
  }
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copy]");
    if (!button) return;
    navigator.clipboard.writeText(button.parentElement.querySelector("input").value).then(function () {
      button.textContent = document.getElementById("live").textContent = button.dataset.copied;
    }).catch(function () { button.parentElement.querySelector("input").select(); });
  });

  /* A file that is too large is said to be so before it is sent. */
  document.addEventListener("change", function (event) {
    var most = event.target.dataset.largest, file = most && event.target.files[0];
    if (most) event.target.setCustomValidity(file && file.size > most * 1048576 ? event.target.dataset.tooLarge : "");
  });

  prepare();
  var first = document.getElementById("notice");
  if (first) document.getElementById("live").textContent = first.textContent;
})();
