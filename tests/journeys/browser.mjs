// A phone's browser for the journeys: Debian's Chromium, axe, and what a page cost to load.
import { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";
import assert from "node:assert/strict";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const URL_ = process.env.YINJI_URL ?? "http://127.0.0.1:8080";
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
export const PHONE = { width: 390, height: 844 };
export const DESK = { width: 1280, height: 800 };
const QUIET = [
  "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
  "--disable-sync", "--no-first-run",
];

export async function browser() {
  assert.ok(CHROMIUM, "no Chromium is installed");
  return chromium.launch({ executablePath: CHROMIUM, args: QUIET });
}

// A fresh visitor. `language` is the browser's ("zh-CN" or "en"); everything asked for is noted in `asked`.
export async function visitor(opened, { language = "zh-CN", viewport = PHONE, ...more } = {}) {
  const context = await opened.newContext({
    locale: language, viewport, deviceScaleFactor: 2, hasTouch: viewport === PHONE, isMobile: viewport === PHONE, ...more,
  });
  const page = await context.newPage();
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  return { context, page, asked, errors };
}

// Sign in as a persona, by the form a visitor would press.
export async function signIn(page, persona) {
  await page.goto(`${URL_}/api/sign-in/demo`);
  const button = page.locator(`form:has(input[name=persona][value="${persona}"]) button`).first();
  if (!(await button.isVisible())) await page.locator("details", { has: button }).locator("summary").click();
  await button.click();
  await page.waitForURL((url) => !url.pathname.includes("/sign-in"));
}

// No serious or critical violation on the page as it is now.
export async function accessible(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const bad = violations.filter((one) => ["serious", "critical"].includes(one.impact));
  assert.deepEqual(
    bad.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).slice(0, 3).join(" | ")}`), [], page.url(),
  );
}

// No sideways scrolling: everything fits the width.
export async function fits(page) {
  // a phone's window.innerWidth grows with what sticks out
  const inner = await page.evaluate(() => document.documentElement.scrollWidth);
  const outer = page.viewportSize().width;
  assert.ok(inner <= outer, `${page.url()} is ${inner} wide on a screen of ${outer}`);
}

// What Chromium's own tools call Slow 3G, and a processor that is four times slower.
const SLOW_3G = { offline: false, latency: 2000, downloadThroughput: 50 * 1024, uploadThroughput: 50 * 1024 };

export async function slow(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", SLOW_3G);
  await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  return session;
}

// The network as it is again; the processor stays slow.
export async function unthrottled(session) {
  await session.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
}

// Bytes transferred to load `path` with an empty cache, and the requests it took.
export async function cost(page, path) {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.clearBrowserCache");
  let bytes = 0;
  const requests = [];
  session.on("Network.requestWillBeSent", (event) => requests.push(event.request.url));
  session.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
  await page.goto(URL_ + path, { waitUntil: "networkidle" });
  await session.detach();
  return { bytes, requests };
}

// Who can be chosen on the demonstration's sign-in page.
export async function personas() {
  return (await fetch(`${URL_}/api/sign-in/demo/personas`)).json();
}

// Sign a fresh visitor in as the first graduate whose page has all of `selectors`; none of `but`.
export async function graduateWith(opened, selectors, options, but = []) {
  for (const student of (await personas()).students.filter((one) => !but.includes(one.persona))) {
    const visit = await visitor(opened, options);
    await signIn(visit.page, student.persona);
    const found = await Promise.all(selectors.map((selector) => visit.page.locator(selector).count()));
    if (found.every(Boolean)) return { ...visit, student };
    await visit.context.close();
  }
  throw new Error(`no graduate has ${selectors}`);
}

// What is looked for on the page, in the language of the visitor.
export const WORDS = {
  "zh-CN": { thanks: /谢谢你的回答/, refused: /不能预约/, dealt: /1/ },
  en: { thanks: /Thank you for your answers/, refused: /cannot be booked/, dealt: /1/ },
};
