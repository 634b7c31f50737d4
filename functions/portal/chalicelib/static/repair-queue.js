// Reports that a phone keeps until they are sent: for the page, and for its service worker, which goes on without it.
// Old engines of phones read this too: nothing newer than ECMAScript 5.
(function (root) {
  "use strict";
  var STORE = "yinji-repair", LIST = "yinji-repair-queue", lost = [];

  function database(done) {
    var asked;
    try { asked = root.indexedDB && root.indexedDB.open(STORE, 1); } catch (error) { asked = null; }
    if (!asked) return done(null);
    asked.onupgradeneeded = function () { asked.result.createObjectStore(STORE, { keyPath: "key" }); };
    asked.onsuccess = function () { done(asked.result); };
    asked.onerror = asked.onblocked = function () { done(null); };
  }

  function list() {
    try { return JSON.parse(root.localStorage.getItem(LIST)) || []; } catch (error) { return lost; }
  }

  function keep(all) {
    lost = all;
    try { root.localStorage.setItem(LIST, JSON.stringify(all)); } catch (error) { /* as long as the page is open */ }
  }

  function without(all, key) { return all.filter(function (one) { return one.key !== key; }); }

  function put(report, done) {
    database(function (found) {
      function elsewhere() { keep(without(list(), report.key).concat([report])); done(); }
      if (!found) return elsewhere();
      try {
        var change = found.transaction(STORE, "readwrite");
        change.objectStore(STORE).put(report);
        change.oncomplete = function () { found.close(); done(); };
        change.onerror = change.onabort = elsewhere;
      } catch (error) { elsewhere(); }
    });
  }

  function all(done) {
    database(function (found) {
      if (!found) return done(list());
      try {
        var asked = found.transaction(STORE).objectStore(STORE).getAll();
        asked.onsuccess = function () { found.close(); done(asked.result.concat(list())); };
        asked.onerror = function () { done(list()); };
      } catch (error) { done(list()); }
    });
  }

  function drop(key, done) {
    if (list().length) keep(without(list(), key));
    database(function (found) {
      if (!found) return done();
      try {
        var change = found.transaction(STORE, "readwrite");
        change.objectStore(STORE)["delete"](key);
        change.oncomplete = change.onerror = change.onabort = function () { found.close(); done(); };
      } catch (error) { done(); }
    });
  }

  // done(status, document): 0 where nothing answered, null where what answered is not ours (a page to sign in to Wi-Fi)
  function ask(method, address, sent, done) {
    function read(status, text) {
      var told = null;
      try { told = JSON.parse(text); } catch (error) { told = null; }
      done(status, told && typeof told === "object" ? told : null);
    }
    var body = sent ? JSON.stringify(sent) : null;
    if (!root.XMLHttpRequest) {
      root.fetch(address, { method: method, body: body, headers: { "Content-Type": "application/json" } })
        .then(function (answer) { return answer.text().then(function (text) { read(answer.status, text); }); })
        .then(null, function () { done(0, null); });
      return;
    }
    var request = new root.XMLHttpRequest();
    request.open(method, address);
    request.timeout = 20000;
    request.setRequestHeader("Content-Type", "application/json");
    request.onload = function () { read(request.status, request.responseText); };
    request.onerror = request.ontimeout = function () { done(0, null); };
    request.send(body);
  }

  // done("sent", answer), done("refused", problem) or done("kept")
  function send(report, done, again) {
    function renew() {
      ask("GET", "/api/repair/places/" + encodeURIComponent(report.code), null, function (status, told) {
        if (status === 200 && told && told.ticket) {
          report.fields.ticket = told.ticket;
          put(report, function () { send(report, done, true); });
        } else if (told && told.code && (status === 404 || status === 410)) done("refused", told);
        else done("kept");
      });
    }
    if (!report.fields.ticket && !again) return renew();
    var sent = { idempotency_key: report.key, ago: String(Math.max(0, Math.round((Date.now() - report.at) / 1000))) };
    for (var name in report.fields) sent[name] = report.fields[name];
    ask("POST", "/api/repair/reports", sent, function (status, told) {
      if (status === 200 && told && told.follow) return done("sent", told);
      var code = told && told.code;
      if (!again && report.code && (code === "ticket-over" || code === "ticket-unknown")) return renew();
      if (code && status >= 400 && status < 500 && status !== 429) return done("refused", told);
      done("kept");
    });
  }

  var busy = false, more = false;

  // Send all that is kept; each(report, outcome, told) of every one, and done() at the end.
  function flush(each, done) {
    if (busy) { more = true; return; }
    busy = true;
    more = false;
    all(function (found) {
      (function next() {
        var report = found.shift();
        if (!report) {
          busy = false;
          if (more) flush(each, done); else done();
          return;
        }
        send(report, function (outcome, told) {
          function on() { each(report, outcome, told); next(); }
          if (outcome === "kept") on(); else drop(report.key, on);
        });
      })();
    });
  }

  root.yinjiRepair = { put: put, all: all, flush: flush, ask: ask };
})(self);
