// A graduate on a phone: what is left, do one thing, be told, be refused kindly, change the language.
import assert from "node:assert/strict";
import { accessible, browser, cost, fits, graduateWith, visitor, URL_, WORDS } from "./browser.mjs";

const language = process.argv[2];
const words = WORDS[language];
const opened = await browser();

const stranger = await visitor(opened, { language });
await stranger.page.goto(`${URL_}/me`);
assert.match(stranger.page.url(), /\/sign-in/, "who is not signed in is asked to");
await accessible(stranger.page);

const OPEN = ["article#exit-survey", "article#dormitory"];
const { page, errors, student } = await graduateWith(opened, OPEN, { language });
assert.match(page.url(), /\/me$/);
assert.equal(await page.getAttribute("html", "lang"), language === "zh-CN" ? "zh-CN" : "en");
await accessible(page);
await fits(page);

const first = await cost(page, "/me");
assert.ok(first.bytes <= 60_000, `the first view took ${first.bytes} bytes`);
assert.ok(first.requests.filter((url) => !url.startsWith("data:")).every((url) => url.startsWith(URL_)), "nothing from another host");
console.log(JSON.stringify({ first_view_bytes: first.bytes, requests: first.requests.length }));

// the survey: answered where it stands, the count goes down, the answer is told
const left = Number((await page.textContent("h1")).match(/\d+/)[0]);
const survey = page.locator("#exit-survey");
if (!(await survey.locator("form button").isVisible())) await survey.locator("summary").first().click();
for (const question of ["teaching", "services"]) await survey.locator(`input[name=${question}][value="5"]`).check();
await survey.locator("form button").click();
await page.waitForSelector("#notice.good");
assert.equal(Number((await page.textContent("h1")).match(/\d+/)[0]), left - 1);
assert.match(await page.textContent("#notice"), words.thanks);
await accessible(page);

// a time that passed while the page lay open is refused, in words; another one is booked and can be moved
const dormitory = page.locator("#dormitory");
const times = dormitory.locator("select[name=slot]");
if (!(await times.isVisible())) await dormitory.locator("summary").first().click();
await times.evaluate((select) => select.add(new Option("passed", "2026-01-05T08:30", true, true)));
await dormitory.locator("form button").click();
await page.waitForSelector("#notice.bad:focus"); // once the new page has settled
assert.match(await page.textContent("#notice"), words.refused);
await accessible(page);
if (!(await times.isVisible())) await dormitory.locator("summary").first().click();
await times.selectOption(await times.locator("option:not([disabled]):not([value=''])").first().getAttribute("value"));
await dormitory.locator("form button").click();
await page.waitForSelector("#notice.good");
assert.equal(await page.locator("#dormitory a[href$='appointment.ics']").count(), 1);
await accessible(page);
await fits(page);

// what happened, and the guide
await page.goto(`${URL_}/me/history`);
await accessible(page);
await page.goto(`${URL_}/guide/undergraduate`);
await accessible(page);
await fits(page);

// the other language in one tap, on the same page
await page.goto(`${URL_}/me`);
await page.locator(`a[hreflang], a[href^="/language/"]`).first().click();
await page.waitForURL(/\/me/);
assert.notEqual(await page.getAttribute("html", "lang"), language === "zh-CN" ? "zh-CN" : "en");
await accessible(page);

// without script: the same form, sent by the browser itself
const plain = await graduateWith(opened, OPEN.slice(0, 1), { language, javaScriptEnabled: false }, [student.persona]);
if (!(await plain.page.locator("#exit-survey form button").isVisible())) {
  await plain.page.locator("#exit-survey summary").first().click();
}
for (const question of ["teaching", "services"]) {
  await plain.page.locator(`#exit-survey input[name=${question}][value="4"]`).check();
}
await plain.page.locator("#exit-survey form button").click();
await plain.page.waitForSelector("#notice.good");
assert.match(await plain.page.textContent("#notice"), words.thanks);

// another's case answers as if there were none
const answer = await page.goto(`${URL_}/cases/${plain.student.persona.split(":")[1]}`);
const unknown = await page.request.get(`${URL_}/cases/2099S99999`);
assert.equal(answer.status(), unknown.status());
assert.ok(answer.status() >= 400);
assert.deepEqual(errors.filter((text) => !text.includes("status of 40")), []);

await opened.close();
