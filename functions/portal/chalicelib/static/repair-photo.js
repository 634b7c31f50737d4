// A photo goes from the phone straight to where it is looked into. Without script nobody is asked for one. Old engines of
// phones read this: nothing newer than ECMAScript 5.
(function () {
  "use strict";
  function el(id) { return document.getElementById(id); }
  function begin() { if (el("photo") && self.FormData) el("photo").hidden = false; }
  function tell(id) {
    ["sending", "sent", "large", "failed"].forEach(function (one) { el("photo-" + one).hidden = one !== id; });
  }
  function post(path, body, kind, done) {
    var request = new XMLHttpRequest();
    request.open("POST", path);
    request.setRequestHeader("Accept", "application/json");
    if (kind) request.setRequestHeader("Content-Type", kind);
    request.onload = function () { done(request.status, request.responseText); };
    request.onerror = function () { done(0, ""); };
    request.send(body);
  }
  function send(form, file) {
    var asked = JSON.stringify({ type: file.type, size: String(file.size) });
    tell("sending");
    post(form.getAttribute("data-to"), asked, "application/json", function (status, text) {
      var told = null, sent = new FormData(), request = new XMLHttpRequest();
      try { told = JSON.parse(text); } catch (error) { told = null; }
      if (status !== 200 || !told || !told.url) return tell("failed");
      Object.keys(told.fields).forEach(function (name) { sent.append(name, told.fields[name]); });
      sent.append("file", file);
      request.open("POST", told.url);
      request.onload = function () { tell(request.status < 300 ? "sent" : "failed"); };
      request.onerror = function () { tell("failed"); };
      request.send(sent);
    });
  }
  document.addEventListener("change", function (event) {
    var form = el("photo"), file = event.target.id === "picture" && event.target.files[0];
    if (!form || !file) return;
    if (file.size > Number(form.getAttribute("data-largest"))) return tell("large");
    send(form, file);
  });
  document.addEventListener("DOMContentLoaded", begin);
  document.addEventListener("htmx:load", begin);
})();
