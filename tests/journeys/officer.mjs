// An officer: a student hands something in, it lies in the queue, one tap signs off all of it.
import assert from "node:assert/strict";
import { DESK, accessible, browser, fits, graduateWith, signIn, visitor, URL_, WORDS } from "./browser.mjs";

const language = process.argv[2];
const words = WORDS[language];
const opened = await browser();

const booked = [];
// one more than whoever booked before: a small season has few who still can
while (booked.length < 1) {
  const { page, context, student } = await graduateWith(opened, ["article#dormitory.ready"], { language }, booked);
  const dormitory = page.locator("#dormitory");
  const times = dormitory.locator("select[name=slot]");
  if (!(await times.isVisible())) await dormitory.locator("summary").first().click();
  await times.selectOption(await times.locator("option:not([disabled]):not([value=''])").first().getAttribute("value"));
  await dormitory.locator("form button").click();
  await page.waitForSelector("#notice.good");
  booked.push(student.persona);
  await context.close();
}

const { page, errors } = await visitor(opened, { language, viewport: DESK });
await signIn(page, "department-officer:housing");
await accessible(page);
await page.locator('a[href^="/queues/dormitory"]').first().click();
await page.waitForURL(/\/queues\/dormitory/);
await accessible(page);
await fits(page);
const waiting = await page.locator("input[name=case]").count();
assert.ok(waiting >= booked.length, "others may have booked before");
assert.equal(await page.locator(".sticky button").isDisabled(), true, "nothing is chosen yet");
await page.locator("[data-all]").check();
assert.match(await page.textContent(".sticky button"), new RegExp(`${waiting}`));
await page.locator("[data-all]").uncheck();
for (const persona of booked) await page.locator(`input[name=case][value="${persona.split(":")[1]}"]`).check();
assert.match(await page.textContent(".sticky button"), new RegExp(`${booked.length}`));
await page.locator(".sticky button").click();
await page.waitForURL(/\/queues\/dormitory\/confirm/);
assert.equal(await page.locator("ol.listed li").count(), booked.length, "exactly those who were chosen");
await accessible(page);
await fits(page);
await page.locator("form.confirm button").click();
await page.waitForURL(/\/outcomes\//);
await page.waitForSelector("#notice.good");
assert.match(await page.textContent("#notice"), words.dealt);
await accessible(page);
await fits(page);
await page.locator(".crumb a").click();
await page.waitForURL(/\/queues\/dormitory/);
assert.equal(await page.locator("input[name=case]").count(), waiting - booked.length);
// a queue of another office is not theirs
assert.equal((await page.goto(`${URL_}/queues/party-transfer`)).status(), 403);
assert.deepEqual(errors.filter((text) => !text.includes("status of 403")), []);

const season = await visitor(opened, { language, viewport: DESK });
await signIn(season.page, "administrator:admin");
await accessible(season.page);
await fits(season.page);
await opened.close();
