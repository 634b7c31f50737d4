// Keeps the page of labels for when there is no network, which is when it is needed, and sends what the phone keeps.
self.addEventListener("install", function (event) {
  event.waitUntil(caches.open(SHELL.name).then(function (cache) {
    return cache.addAll(SHELL.files.map(function (one) { return new Request(one, { cache: "reload" }); }));
  }).then(function () { return self.skipWaiting(); }));
});

self.addEventListener("activate", function (event) {
  event.waitUntil(caches.keys().then(function (names) {
    return Promise.all(names.map(function (one) { return one.indexOf("yinji-repair") === 0 && one !== SHELL.name ? caches.delete(one) : null; }));
  }).then(function () { return self.clients.claim(); }));
});

self.addEventListener("fetch", function (event) {
  var asked = event.request, path = new URL(asked.url).pathname;
  if (asked.method !== "GET" || asked.mode !== "navigate" || !SHELL.pages.test(path)) return;
  event.respondWith(fetch(asked).then(function (answer) {
    // what follows a report is nobody else's, and is not kept; nor is a page that only says why there is none
    if (answer.ok && !answer.redirected) {
      var kept = answer.clone();
      event.waitUntil(caches.open(SHELL.name).then(function (cache) { return cache.put(path, kept); }));
    }
    return answer;
  }, function () {
    return caches.match(path).then(function (kept) { return kept || caches.match(SHELL.files[0]); });
  }));
});

self.addEventListener("sync", function (event) {
  if (event.tag !== "yinji-repair") return;
  event.waitUntil(new Promise(function (done, failed) {
    var kept = false;
    self.yinjiRepair.flush(function (report, outcome, told) {
      kept = kept || outcome === "kept";
      self.clients.matchAll().then(function (all) {
        all.forEach(function (one) { if (outcome !== "kept") one.postMessage({ report: report, outcome: outcome, told: told }); });
      });
    }, function () { if (kept) failed(new Error("kept")); else done(); });
  }));
});
