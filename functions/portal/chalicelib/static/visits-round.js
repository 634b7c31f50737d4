/* Rounds: a name is drawn by a finger, and what was typed is kept on the phone until it is sent, for there is no network in
   a stairwell. Without it every form works as it is, and a name is typed. */
(function () {
  "use strict";
  var PREFIX = "yinji-visit ", DAY = 24 * 3600 * 1000, KEPT_DAYS = 7, AGAIN = 15000, NEAR = 4;
  var NOT_KEPT = ["version", "idempotency_key", "next"];
  var busy = false, timer = null;
  var all = function (selector, inside) { return Array.prototype.slice.call((inside || document).querySelectorAll(selector)); };
  var page = function () { return document.querySelector(".round[data-who]"); };
  var form = function () { return document.querySelector("form.record"); };

  /* --- what is kept: one entry a visit, under whose it is --- */
  function name(visit) { return PREFIX + page().dataset.who + " " + visit; }
  function read(visit) {
    try { return JSON.parse(localStorage.getItem(name(visit))); } catch (error) { return null; }
  }
  function keep(draft) {
    try { localStorage.setItem(name(draft.visit), JSON.stringify(draft)); return true; } catch (error) { return false; }
  }
  function drop(visit) {
    try { localStorage.removeItem(name(visit)); } catch (error) { /* nothing is kept then */ }
  }
  function drafts() {
    var found = [];
    try {
      Object.keys(localStorage).forEach(function (key) {
        if (key.indexOf(PREFIX) !== 0) return;
        var draft = JSON.parse(localStorage.getItem(key));
        if (!draft || Date.now() - draft.at > KEPT_DAYS * DAY) localStorage.removeItem(key);
        else if (key === name(draft.visit)) found.push(draft);
      });
    } catch (error) { /* nothing is kept then */ }
    return found;
  }

  function typed(one) {
    var fields = {};
    new FormData(one).forEach(function (value, field) { if (NOT_KEPT.indexOf(field) < 0) fields[field] = value; });
    return fields;
  }
  function value(one, field) { return one.querySelector("[name=" + field + "]").value; }
  function note(one, unsent) {
    var visit = page().dataset.visit, before = read(visit);
    /* what was sent once is sent again by the same key, so that it is done once */
    var again = unsent && before && before.tried;
    return {
      visit: visit, at: Date.now(), action: one.getAttribute("action"), fields: typed(one), unsent: unsent, tried: unsent,
      version: again ? before.version : value(one, "version"), key: again ? before.key : value(one, "idempotency_key")
    };
  }
  function restore(one, draft) {
    all("input, textarea, select", one).forEach(function (field) {
      if (!field.name || NOT_KEPT.indexOf(field.name) >= 0) return;
      if (field.type === "radio" || field.type === "checkbox") field.checked = draft.fields[field.name] === field.value;
      else if (field.name in draft.fields) field.value = draft.fields[field.name];
    });
    var fold = one.closest("details");
    if (fold) fold.open = true;
  }

  /* --- sending --- */
  function tell(kind) {
    var place = document.querySelector(".kept");
    if (!place) return;
    place.hidden = !kind;
    place.textContent = kind ? page().dataset[kind] : "";
  }
  function mark() {
    var waiting = drafts().filter(function (draft) { return draft.unsent; }).map(function (draft) { return draft.visit; });
    all("[data-kept]").forEach(function (one) { one.hidden = waiting.indexOf(one.dataset.kept) < 0; });
  }
  function later(kind) {
    tell(kind);
    clearTimeout(timer);
    timer = setTimeout(flush, AGAIN);
  }
  function lead(visit, told) {
    var target = "/visits/round/v/" + visit + "?" + told;
    if (page().dataset.visit === visit) location.assign(target + "#notice");
  }
  function refused(draft, problem) {
    draft.unsent = draft.tried = false;
    keep(draft);
    var fields = (problem.errors || []).map(function (error) { return error.field; }).join(",");
    lead(draft.visit, "problem=" + encodeURIComponent(problem.code) + "&fields=" + encodeURIComponent(fields));
  }
  function send(draft, done) {
    var sent = { version: draft.version, idempotency_key: draft.key };
    Object.keys(draft.fields).forEach(function (field) { sent[field] = draft.fields[field]; });
    fetch(draft.action, {
      method: "POST", body: JSON.stringify(sent), credentials: "same-origin", headers: { "Content-Type": "application/json" }
    }).then(function (answer) {
      return answer.text().then(function (text) {
        var told = null;
        try { told = JSON.parse(text); } catch (error) { told = null; }
        if (answer.ok && told && told.id === draft.visit) {
          drop(draft.visit);
          done("sent");
          lead(draft.visit, "done=visits-round.finish");
        } else if (answer.status === 401 || (answer.status === 403 && !(told && told.code))) done("again");
        else if (told && told.code && answer.status < 500 && answer.status !== 429) {
          done("");
          refused(draft, told);
        } else done("waits"); /* what answered is not ours, or is too busy */
      });
    }).catch(function () { done("waits"); });
  }
  function flush() {
    if (busy || !page()) return;
    var draft = drafts().filter(function (one) { return one.unsent; })[0];
    mark();
    if (!draft) return;
    busy = true;
    send(draft, function (kind) {
      busy = false;
      mark();
      all("form.record .send").forEach(function (button) { button.disabled = false; });
      if (kind === "waits" || kind === "again") return later(kind);
      tell(kind);
      flush();
    });
  }

  document.addEventListener("submit", function (event) {
    if (!event.target.matches("form.record") || !window.fetch) return;
    if (!keep(note(event.target, true))) return; /* nothing can be kept: it is sent as a form is */
    event.preventDefault();
    event.stopImmediatePropagation();
    flush();
  }, true);
  document.addEventListener("input", function (event) {
    var one = event.target.closest("form.record");
    if (one) keep(note(one, false));
  });
  window.addEventListener("online", flush);

  /* --- a name drawn by a finger --- */
  function pad(place) {
    var canvas = place.querySelector("canvas"), field = place.querySelector("input"), drawing = canvas.getContext("2d");
    var path = field.value, last = null;
    place.hidden = false;
    function show() {
      drawing.clearRect(0, 0, canvas.width, canvas.height);
      drawing.lineWidth = 4;
      drawing.lineCap = drawing.lineJoin = "round";
      drawing.strokeStyle = "#14213d";
      drawing.stroke(new Path2D(path));
    }
    function at(event) {
      var box = canvas.getBoundingClientRect();
      var within = function (told, most) { return Math.max(0, Math.min(most, Math.round(told))); };
      return [
        within((event.clientX - box.left) * canvas.width / box.width, canvas.width),
        within((event.clientY - box.top) * canvas.height / box.height, canvas.height)
      ];
    }
    function line(point) {
      if (path.length + 9 > +place.dataset.longest) return;
      path += "L" + point[0] + " " + point[1];
      last = point;
      show();
    }
    canvas.addEventListener("pointerdown", function (event) {
      if (path.split("M").length > +place.dataset.strokes || path.length + 18 > +place.dataset.longest) return;
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      last = at(event);
      path += "M" + last[0] + " " + last[1];
      line(last);
    });
    canvas.addEventListener("pointermove", function (event) {
      if (!last) return;
      var point = at(event);
      if (Math.abs(point[0] - last[0]) + Math.abs(point[1] - last[1]) >= NEAR) line(point);
    });
    ["pointerup", "pointercancel"].forEach(function (kind) {
      canvas.addEventListener(kind, function () {
        if (!last) return;
        last = null;
        field.value = path;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      });
    });
    place.querySelector(".clear").addEventListener("click", function () {
      path = field.value = "";
      show();
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    show();
  }

  function prepare() {
    if (!page()) return;
    var one = form(), visit = page().dataset.visit;
    var draft = visit ? read(visit) : null;
    if (draft && one) restore(one, draft);
    /* nothing more can be written of it */
    if (draft && !one && !draft.unsent) drop(visit);
    all(".sign", one || document).forEach(function (place) { if (place.hidden) pad(place); });
    mark();
    flush();
  }
  document.addEventListener("htmx:afterSettle", prepare);
  prepare();
})();
