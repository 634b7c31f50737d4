/* Documents: from the phone straight to their place, looked into there, and into the form as the id of the upload. */
(function () {
  "use strict";
  var LOOKS = 90, PAUSE = 1000;
  var TYPES = { pdf: "application/pdf", jpg: "image/jpeg", jpeg: "image/jpeg", png: "image/png", webp: "image/webp" };

  function parts(box) {
    return {
      box: box, form: box.closest("form"), file: box.querySelector("input[type=file]"),
      id: box.querySelector("input[type=hidden]"), bar: box.querySelector("progress"), told: box.querySelector(".told")
    };
  }
  function tell(at, text, kind) {
    at.told.textContent = text;
    at.told.className = "told " + (kind || "");
    at.bar.hidden = Boolean(kind);
  }
  function busy(at, yes) {
    Array.prototype.forEach.call(at.form.querySelectorAll("button"), function (button) { button.disabled = yes; });
    at.box.setAttribute("aria-busy", String(yes));
  }
  /* It may be sent without a file chosen anew: the one that was accepted counts. */
  function arrived(at) {
    at.file.required = false;
    at.file.removeAttribute("aria-invalid");
    tell(at, at.box.dataset.accepted, "good");
  }

  function begin(at, file) {
    /* a form says where its documents go, or is that of a step's action */
    var place = at.form.getAttribute("action").match(/^(.*)\/steps\/([^/]+)\/([^/]+)$/);
    var uploads = at.form.dataset.evidence || place[1] + "/evidence";
    var asked = { field: at.id.name, size: file.size };
    if (place) { asked.step = place[2]; asked.action = place[3]; }
    var type = file.type || TYPES[file.name.split(".").pop().toLowerCase()] || "";
    at.id.value = "";
    at.box.dataset.turn = String(Number(at.box.dataset.turn || 0) + 1);
    var turn = at.box.dataset.turn;
    var current = function () { return at.box.dataset.turn === turn; };
    var failed = function (text) { if (current()) { busy(at, false); tell(at, text, "bad"); at.file.value = ""; } };
    if (at.file.accept.split(",").indexOf(type) < 0) return failed(at.box.dataset.type);
    if (file.size > Number(at.box.dataset.largest)) return failed(at.box.dataset.large);
    busy(at, true);
    progress(at, 0);
    asked.type = type;
    ask("POST", uploads, asked)
      .then(function (upload) {
        return send(at, upload, file).then(function () {
          tell(at, at.box.dataset.checking);
          return look(uploads + "/" + upload.id, 0);
        });
      })
      .then(function (upload) {
        if (!current()) return;
        if (upload.status === "refused") return failed(upload.reason.text);
        if (upload.status !== "accepted") return failed(at.box.dataset.slow);
        at.id.value = upload.id;
        busy(at, false);
        arrived(at);
      })
      .catch(function (error) { failed(error.told || at.box.dataset.lost); });
  }

  /* Our own API: a document, or an error that carries its sentence. */
  function ask(method, path, body) {
    var told = { method: method, credentials: "same-origin", headers: { "Accept": "application/json" } };
    if (body) { told.headers["Content-Type"] = "application/json"; told.body = JSON.stringify(body); }
    return fetch(path, told).then(function (answer) {
      return answer.json().then(function (document) {
        if (answer.ok) return document;
        throw Object.assign(new Error(document.code), { told: document.detail || document.title });
      });
    });
  }

  /* An XMLHttpRequest, for it tells how far it is. */
  function send(at, upload, file) {
    return new Promise(function (resolve, reject) {
      var form = new FormData(), request = new XMLHttpRequest();
      Object.keys(upload.fields).forEach(function (name) { form.append(name, upload.fields[name]); });
      form.append("file", file, "document");
      request.upload.onprogress = function (event) {
        if (event.lengthComputable) progress(at, Math.floor(100 * event.loaded / event.total));
      };
      request.onload = function () { request.status < 300 ? resolve() : reject(new Error("refused")); };
      request.onerror = request.onabort = function () { reject(new Error("lost")); };
      request.open("POST", upload.url);
      request.send(form);
    });
  }
  function progress(at, percent) {
    at.bar.value = percent;
    tell(at, at.box.dataset.sending.replace("#", percent));
  }

  function look(path, times) {
    return ask("GET", path).then(function (upload) {
      if (upload.status !== "expected" || times >= LOOKS) return upload;
      return new Promise(function (resolve) { setTimeout(resolve, PAUSE); }).then(function () { return look(path, times + 1); });
    });
  }

  document.addEventListener("change", function (event) {
    var box = event.target.closest(".upload");
    if (box && event.target.type === "file" && event.target.files.length) begin(parts(box), event.target.files[0]);
  });
  document.addEventListener("restored", function (event) {
    Array.prototype.forEach.call(event.target.querySelectorAll(".upload"), function (box) {
      var at = parts(box);
      if (at.id.value) arrived(at);
    });
  });
})();
