/* A document is compared where it lies: the browser hashes it, and asks the university only for what its code must hash to. */
(function () {
  "use strict";
  var box = document.querySelector("[data-file-check]");
  if (!box) return;
  var file = box.querySelector("input[type=file]"), drop = box.querySelector(".drop"), result = box.querySelector(".result");
  var told = result.querySelector(".told"), turn = 0;
  var SHAPES = { authentic: "good", superseded: "soso", revoked: "bad", altered: "bad", foreign: "bad", unknown: "bad", reading: "plain", other: "plain" };

  function tell(kind, code) {
    var shape = SHAPES[kind] || "bad";
    Array.prototype.forEach.call(result.querySelectorAll("[data-shape]"), function (one) { one.hidden = one.dataset.shape !== shape; });
    told.textContent = box.dataset[kind].replace("#", (code || "").replace(/(.{4})(?=.)/g, "$1-"));
    result.dataset.result = kind;
    result.hidden = false;
  }

  /* The seal says where it is verified and nothing in it is compressed, so the code stands in the file as it is; the last
     one counts, for what is sealed may hold others. */
  function codeIn(bytes) {
    var text = new TextDecoder("latin1").decode(bytes), found = null, one, mark = /verify(?:\/|\\057)([0-9A-HJKMNP-TV-Z]{16})\)/g;
    while ((one = mark.exec(text))) found = one[1];
    return found;
  }
  function hex(buffer) {
    return Array.prototype.map.call(new Uint8Array(buffer), function (byte) { return (byte < 16 ? "0" : "") + byte.toString(16); }).join("");
  }
  function known(code) {
    if (code === box.dataset.code) return Promise.resolve({ digest: box.dataset.digest, standing: box.dataset.standing });
    return fetch("/api/archive/verify/" + code, { headers: { Accept: "application/json" } }).then(function (answer) {
      if (answer.status === 404) return null;
      if (!answer.ok) throw new Error("lost");
      return answer.json();
    });
  }

  function check(chosen) {
    var mine = ++turn, current = function () { return mine === turn; };
    tell("reading");
    chosen.arrayBuffer().then(function (bytes) {
      var code = codeIn(bytes);
      return crypto.subtle.digest("SHA-256", bytes).then(function (hash) {
        var digest = hex(hash);
        /* a copy whose code was damaged may still be of the edition whose page this is: it is not that one */
        if (!current()) return;
        if (!code) return tell(box.dataset.digest === digest ? "authentic" : "foreign");
        return known(code).then(function (edition) {
          if (!current()) return;
          if (!edition) return tell("unknown", code);
          if (edition.digest !== digest) return tell("altered", code);
          if (box.dataset.code && code !== box.dataset.code) return tell("other", code);
          tell(edition.standing === "in-force" ? "authentic" : edition.standing, code);
        });
      });
    }).catch(function () { if (current()) tell("lost"); });
  }

  if (!window.crypto || !crypto.subtle || !window.TextDecoder || !Blob.prototype.arrayBuffer) { tell("unable"); return; }
  drop.hidden = false;
  file.addEventListener("change", function () { if (file.files.length) check(file.files[0]); });
  ["dragover", "dragleave", "drop"].forEach(function (kind) {
    box.addEventListener(kind, function (event) {
      event.preventDefault();
      box.classList.toggle("over", kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files.length) check(event.dataTransfer.files[0]);
    });
  });
})();
