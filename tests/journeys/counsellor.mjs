// A counsellor: who is stuck on what, at a glance; find somebody; open a case. On the desk and on the phone.
import assert from "node:assert/strict";
import { DESK, PHONE, accessible, browser, fits, personas, signIn, visitor, URL_ } from "./browser.mjs";

const language = process.argv[2];
const opened = await browser();
const { students } = await personas();
const school = students[0].school;

for (const viewport of [DESK, PHONE]) {
  const { page, errors } = await visitor(opened, { language, viewport });
  await signIn(page, `counsellor:${school}`);
  assert.match(page.url(), new RegExp(`/schools/${school}$`));
  await accessible(page);
  await fits(page);
  const rows = page.locator("#matrix tbody tr");
  const all = await rows.count();
  assert.ok(all > 0);
  // every mark says its state in words as well
  const marks = await page.locator("#matrix tbody td:not(.num)").evaluateAll((cells) =>
    cells.map((cell) => cell.textContent.trim()).filter(Boolean));
  assert.ok(marks.every((text) => text.length > 1), "a mark is more than a sign");
  // one step
  await page.locator(".stuck a").first().click();
  await page.waitForURL(/step=/);
  assert.ok((await rows.count()) <= all);
  // somebody by name
  await page.goto(`${URL_}/schools/${school}`);
  await page.fill("#find", students[0].name);
  assert.equal(await page.locator("#matrix tbody tr:visible").count() >= 1, true);
  await page.locator("#matrix tbody tr:visible a").first().click();
  await page.waitForURL(/\/cases\//);
  await accessible(page);
  await fits(page);
  // another school is not theirs
  const foreign = await page.goto(`${URL_}/schools/${school === "S02" ? "S03" : "S02"}`);
  assert.equal(foreign.status(), 403);
  await accessible(page);
  assert.deepEqual(errors.filter((text) => !text.includes("status of 403")), []);
}
await opened.close();
