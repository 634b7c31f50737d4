// After the season: the certificate is there, and whoever is shown it can check it.
import assert from "node:assert/strict";
import { accessible, browser, fits, graduateWith, visitor, URL_ } from "./browser.mjs";

const language = process.argv[2];
const opened = await browser();
const { page, context, student } = await graduateWith(opened, [".farewell a.button"], { language });
await accessible(page);
await fits(page);
const code = (await page.textContent(".farewell .code strong")).trim();
const pdf = await context.request.get(URL_ + (await page.getAttribute(".farewell a.button", "href")));
assert.equal(pdf.status(), 200);
assert.equal(pdf.headers()["content-type"], "application/pdf");
assert.equal((await pdf.body()).subarray(0, 5).toString(), "%PDF-");
assert.equal(await page.locator("form.act").count(), 0, "nothing is left to do");

// an employer, who is nobody here
const employer = await visitor(opened, { language });
await employer.page.goto(`${URL_}/verify`);
await accessible(employer.page);
await employer.page.fill("#code", code.toLowerCase());
await employer.page.locator("form button").click();
await employer.page.waitForURL(/\/verify/);
assert.match(await employer.page.textContent("main"), new RegExp(student.name.slice(0, 1)));
await accessible(employer.page);
await employer.page.goto(`${URL_}/verify/${code.replaceAll("-", "")}`);
assert.equal(await employer.page.locator("dl.facts").count(), 1);
await employer.page.goto(`${URL_}/verify/0000000000000000`);
assert.equal(await employer.page.locator("dl.facts").count(), 0);
assert.equal(await employer.page.locator("#notice.bad").count(), 1);
await accessible(employer.page);
await opened.close();
