// A student has their archive made to keep, shares it, and whoever holds it checks it; student affairs take it back.
// usage: node edition.mjs <language> [a folder for screenshots]
import assert from "node:assert/strict";
import { DESK, URL_, accessible, browser, fits, personas, signIn, visitor } from "./browser.mjs";

const [language, folder] = process.argv.slice(2);
const opened = await browser();
const shot = (page, name) => folder && page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });

// Two languages come one after the other to the same cloud: each has a student of its own, who has records.
async function owner() {
  const skip = language === "en" ? 1 : 0;
  let found = 0;
  for (const { persona } of (await personas()).students) {
    const visit = await visitor(opened, { language });
    await signIn(visit.page, persona);
    await visit.page.goto(`${URL_}/archive`);
    if ((await visit.page.locator(".story").count()) && found++ === skip) return { ...visit, number: persona.split(":")[1] };
    await visit.context.close();
  }
  throw new Error("nobody has an archive");
}

async function check(page, bytes, wanted, name = "archive.pdf") {
  await page.locator("#check input[type=file]").setInputFiles({ name, mimeType: "application/pdf", buffer: bytes });
  await page.locator(`#check .result[data-result=${wanted}]`).waitFor({ timeout: 30_000 });
}

try {
  const { page, context, errors, number } = await owner();
  await page.goto(`${URL_}/archive/editions`);
  await accessible(page);
  await fits(page);
  await shot(page, "editions-empty");
  const ask = async () => {
    const button = page.locator("#new form button");
    if (!(await button.isVisible())) await page.locator("#new > summary").click();
    await button.click();
  };
  const seen = page.locator(".card", { has: page.locator("a.button[href$='/archive.pdf']") });
  const before = await seen.count();
  await ask();
  await page.waitForFunction((count) => document.querySelectorAll("a.button[href$='/archive.pdf']").length > count, before, { timeout: 120_000 });
  await accessible(page);
  await fits(page);
  await shot(page, "editions-sealed");
  const place = await seen.first().locator("a.button").getAttribute("href");
  const answer = await context.request.get(URL_ + place);
  assert.equal(answer.headers()["content-type"], "application/pdf");
  const pdf = await answer.body();
  assert.equal(pdf.subarray(0, 5).toString(), "%PDF-");
  assert.ok(pdf.length < 400_000, `${pdf.length} bytes`); // who has twice as many records as others has a larger one
  const jwt = (await (await context.request.get(URL_ + place.replace("archive.pdf", "credential.jwt"))).text()).split(".");
  assert.equal(jwt.length, 3);
  assert.equal(JSON.parse(Buffer.from(jwt[1], "base64url")).type[0], "VerifiableCredential");
  const code = (await seen.first().locator("a.code").getAttribute("href")).split("/").pop();

  // the same again makes none: nothing has changed
  const [cards, made] = [await page.locator("main .card").count(), await seen.count()];
  await ask();
  const more = (before) => document.querySelectorAll("main .card").length > before && !document.querySelector("main .notice[hx-get]");
  await page.waitForFunction(more, cards, { timeout: 120_000 });
  assert.equal(await seen.count(), made);

  // whoever is handed the file checks it, without an account and without sending it anywhere
  const employer = await visitor(opened, { language });
  await employer.page.goto(`${URL_}/verify`);
  await accessible(employer.page);
  const asked = employer.asked.length;
  await check(employer.page, pdf, "authentic");
  assert.deepEqual(employer.asked.slice(asked).filter((url) => !url.includes(`/api/archive/verify/${code}`)), []);
  await shot(employer.page, "checked-authentic");
  for (const at of [40, Math.floor(pdf.length / 2), pdf.length - 8]) {
    const altered = Buffer.from(pdf);
    altered[at] ^= 1;
    await check(employer.page, altered, "altered");
  }
  await shot(employer.page, "checked-altered");
  await check(employer.page, Buffer.concat([pdf, Buffer.from("\n")]), "altered");
  await check(employer.page, Buffer.from("%PDF-1.7 something else"), "foreign");
  await employer.page.goto(`${URL_}/verify/${code}`);
  await accessible(employer.page);
  await fits(employer.page);
  assert.ok(!(await employer.page.content()).includes(number), "the number is not given away");
  await check(employer.page, pdf, "authentic");
  await shot(employer.page, "verified");

  // a link to all of it, opened by whoever has it
  await page.goto(`${URL_}/archive/shares`);
  await accessible(page);
  await fits(page);
  const whole = page.locator("form:has(input[name=shows][value=whole])");
  if (!(await whole.isVisible())) await page.locator("details:has(input[value=whole]) > summary").click();
  await whole.locator("input[name=to]").fill("ACME 有限公司");
  await whole.locator("button").click();
  await page.waitForSelector("#notice.good");
  const address = await page.locator(".copy input").first().inputValue();
  await accessible(page);
  await fits(page);
  await shot(page, "shares");
  await employer.page.goto(address);
  await accessible(employer.page);
  await fits(employer.page);
  await shot(employer.page, "shared");
  const theirs = await employer.page.locator("a.button[href$='/archive.pdf']").getAttribute("href");
  assert.deepEqual(await (await employer.context.request.get(URL_ + theirs)).body(), pdf);

  // the student sees that it was opened, and that is written down a moment later
  const mine = page.locator(".card", { hasText: "ACME" });
  for (let tries = 0; tries < 40; tries += 1) {
    await page.goto(`${URL_}/archive/shares`);
    if (/(Opened|打开过 1)/.test(await mine.textContent())) break;
    await page.waitForTimeout(500);
  }
  assert.match(await mine.textContent(), /(Opened|打开过 1)/);

  // student affairs take the edition back
  const office = await visitor(opened, { viewport: DESK, language });
  await signIn(office.page, "department-officer:student-affairs");
  await office.page.goto(`${URL_}/archive/students/${number}/editions`);
  const form = office.page.locator("form[action$='/revoke']").first();
  if (!(await form.isVisible())) await office.page.locator("details:has(form[action$='/revoke']) > summary").first().click();
  await form.locator("textarea").fill("一项奖励被收回");
  await form.locator("button").click();
  await office.page.waitForSelector("#notice.good");
  await accessible(office.page);
  await shot(office.page, "revoked");
  assert.equal((await employer.page.goto(address)).status(), 410);
  await accessible(employer.page);
  await employer.page.goto(`${URL_}/verify`);
  await check(employer.page, pdf, "revoked");
  assert.deepEqual([...errors, ...office.errors].filter((one) => !folder || !/Content Security Policy/.test(one)), []);
  console.log(JSON.stringify({ bytes: pdf.length }));
} finally {
  await opened.close();
}
