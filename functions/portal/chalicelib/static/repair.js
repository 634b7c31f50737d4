// The page of a label: one tap files a report, which is kept on the phone until it has arrived; a check of the network
// besides. Without script the page is a form. Old engines of phones read this: nothing newer than ECMAScript 5.
(function () {
  "use strict";
  var queue = self.yinjiRepair, mine = "yinji-repair-mine", found = null, pressed = "";

  function el(id) { return document.getElementById(id); }
  function show(id, on) { var one = el(id); if (one) one.hidden = !on; }
  function each(selector, within, deed) {
    var all = within.querySelectorAll(selector);
    for (var at = 0; at < all.length; at += 1) deed(all[at]);
  }
  function read(name) { try { return JSON.parse(localStorage.getItem(name)); } catch (error) { return null; } }
  function write(name, value) { try { localStorage.setItem(name, JSON.stringify(value)); } catch (error) { /* no matter */ } }
  function random() {
    var text = "", some;
    try { some = crypto.getRandomValues(new Uint8Array(12)); } catch (error) { some = null; }
    for (var at = 0; at < 12; at += 1) text += ((some ? some[at] : Math.floor(Math.random() * 256)) + 256).toString(16).slice(1);
    return text;
  }
  function phone() {
    var known = read("yinji-repair-phone");
    if (!known) write("yinji-repair-phone", (known = random()));
    return read("yinji-repair-phone") === known ? known : "";
  }

  var root = el("repair");
  if (root) {
    listMine();
    if (root.getAttribute("data-code") !== null) page();
    deliver();
    self.addEventListener("online", deliver);
    self.addEventListener("pageshow", deliver);
    document.addEventListener("visibilitychange", function () { if (!document.hidden) deliver(); });
    setInterval(function () { queue.all(function (all) { if (all.length) deliver(); }); }, 20000);
    worker();
  }
  if (el("stands")) {
    setInterval(renew, 30000);
    document.addEventListener("visibilitychange", renew);
  }

  // --- filing ---
  function page() {
    if (!root.getAttribute("data-code")) { // of a page that was kept for whatever label is scanned off line
      var code = decodeURIComponent(location.pathname.split("/").pop());
      root.setAttribute("data-code", code);
      el("typed").textContent = code;
    }
    each("form.report button", root, function (button) {
      button.addEventListener("click", function (event) { event.preventDefault(); file(button); });
    });
    function line() { show("off", navigator.onLine === false || !root.getAttribute("data-ticket")); }
    self.addEventListener("online", line);
    self.addEventListener("offline", line);
    line();
    show("check", true);
    el("run").addEventListener("click", check);
    el("solved").addEventListener("click", solved);
  }

  function file(button) {
    if (pressed) return; // two thumbs
    var form = button.form, fields = { ticket: root.getAttribute("data-ticket"), symptom: button.value, language: document.documentElement.lang.slice(0, 2) };
    ["text", "contact"].forEach(function (name) {
      var field = form.elements[name];
      if (field && field.value.trim()) fields[name] = field.value;
    });
    if (found) fields.check = JSON.stringify(found);
    var known = phone();
    if (known) fields.reporter = known;
    pressed = random();
    show("ask", false);
    show("refused", false);
    show("sending", true);
    queue.put({ key: pressed, code: root.getAttribute("data-code"), title: root.getAttribute("data-title"), at: Date.now(), fields: fields }, deliver);
  }

  function deliver() { queue.flush(told, waiting); }

  function told(report, outcome, answer) {
    var here = report.key === pressed;
    if (outcome === "sent") {
      write(mine, [{ follow: answer.follow, title: report.title || report.code, at: report.at }].concat(read(mine) || []).slice(0, 5));
      listMine();
    }
    if (!here) return;
    show("sending", false);
    ["filed", "kept", "refused"].forEach(function (id) { show(id, id === (outcome === "sent" ? "filed" : outcome)); });
    if (outcome === "sent") el("follow").href = answer.follow;
    if (outcome === "refused") {
      el("why").textContent = answer.detail || answer.title || "";
      pressed = "";
      show("ask", true);
    }
    el(outcome === "sent" ? "filed" : outcome).focus();
  }

  function waiting() {
    queue.all(function (all) {
      show("waiting", all.some(function (one) { return one.key !== pressed; }));
      if (all.length && navigator.serviceWorker) {
        navigator.serviceWorker.ready.then(function (one) { if (one.sync) return one.sync.register("yinji-repair"); }).then(null, function () { /* the page sends it */ });
      }
    });
  }

  function listMine() {
    var all = read(mine) || [], place = el("mine") && el("mine").querySelector("ul");
    if (!place) return;
    place.textContent = "";
    all.forEach(function (one) {
      if (String(one.follow).indexOf("/r/follow/") !== 0) return;
      var link = document.createElement("a");
      link.href = one.follow;
      link.textContent = one.title + " · " + new Date(one.at).toLocaleString(document.documentElement.lang);
      place.appendChild(document.createElement("li")).appendChild(link);
    });
    show("mine", place.children.length > 0);
  }

  function worker() {
    if (!navigator.serviceWorker) return;
    navigator.serviceWorker.addEventListener("message", function (event) {
      var data = event.data || {};
      if (data.report) told(data.report, data.outcome, data.told);
    });
    function register() {
      navigator.serviceWorker.register("/r/sw.js", { scope: "/r/" }).then(null, function () { /* the page does without */ });
    }
    if (document.readyState === "complete") register(); else self.addEventListener("load", register);
  }

  // --- the self check: our own origin alone is asked ---
  function check() {
    show("found", false);
    show("thanks", false);
    show("running", true);
    el("run").disabled = true;
    found = {};
    var line = navigator.connection || {}, near = root.getAttribute("data-near") + "?n=" + random();
    if (["wifi", "cellular", "ethernet", "bluetooth", "wimax", "none", "other", "unknown"].indexOf(line.type) >= 0) found.net = line.type;
    load(near, function (status, text, ms) {
      if (!status) return verdict("offline");
      if (status !== 200 || text.indexOf("<svg") !== 0) return verdict("captive");
      found.ms = ms;
      var entry = timing(near);
      if (entry && entry.domainLookupEnd > entry.domainLookupStart) found.dns = Math.round(entry.domainLookupEnd - entry.domainLookupStart);
      var far = root.getAttribute("data-far") + "?n=" + random();
      load(far, function (answered, whole, took) {
        if (answered !== 200) return verdict("slow");
        var moved = timing(far), bytes = (moved && moved.encodedBodySize) || whole.length;
        found.kbps = Math.min(1e8, Math.round(bytes * 8 / Math.max(took, 1)));
        verdict(found.ms > 1500 || found.kbps < 300 ? "slow" : "fine");
      });
    });
  }

  function load(address, done) {
    var request = new XMLHttpRequest(), began = Date.now();
    request.open("GET", address);
    request.timeout = 15000;
    request.onload = function () { done(request.status, request.responseText, Date.now() - began); };
    request.onerror = request.ontimeout = function () { done(0, "", 0); };
    request.send();
  }

  function timing(address) {
    var all = self.performance && performance.getEntriesByName ? performance.getEntriesByName(location.origin + address) : [];
    return all[0];
  }

  function verdict(word) {
    found.verdict = word;
    el("run").disabled = false;
    show("running", false);
    each("[data-verdict]", root, function (one) { one.hidden = one.getAttribute("data-verdict") !== word; });
    each("[data-has]", root, function (one) { one.hidden = found[one.getAttribute("data-has")] === undefined; });
    each("[data-fill]", root, function (one) { one.textContent = found[one.getAttribute("data-fill")]; });
    show("found", true);
    el("found").focus();
  }

  function solved() {
    queue.ask("POST", "/api/repair/solved", { ticket: root.getAttribute("data-ticket"), verdict: found.verdict }, function () { /* it is for statistics */ });
    show("found", false);
    show("thanks", true);
    el("thanks").focus();
  }

  // --- following: the page tells by itself when something happened ---
  function renew() {
    if (document.hidden || (document.activeElement && document.activeElement.form)) return;
    load(location.pathname, function (status, text) {
      if (status !== 200) return;
      var now = new DOMParser().parseFromString(text, "text/html").getElementById("stands"), before = el("stands");
      if (now && now.querySelector(".stands").className !== before.querySelector(".stands").className) before.innerHTML = now.innerHTML;
    });
  }
})();
