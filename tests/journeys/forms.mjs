// An office makes a form without a line of code, publishes it, students fill it on their phones, and the office takes the
// answers out. Arguments: language, the cookies of the office and of two students. Says the form's id, and the answers' file.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { accessible, browser, DESK, fits, PHONE, URL_, visitor } from "./browser.mjs";

const [language, office, first, second] = process.argv.slice(2);
const opened = await browser();
const as = async (cookie, viewport) => {
  const found = await visitor(opened, { language, viewport });
  const [name, ...rest] = cookie.split("=");
  await found.context.addCookies([{ name, value: rest.join("="), url: URL_ }]);
  return found;
};
const looked = async (page) => {
  await accessible(page);
  await fits(page);
};
const desk = await as(office, DESK);
const page = desk.page;
const settled = () => page.waitForFunction(() => !document.querySelector(".htmx-request"));

// --- begun at the desk ---
await page.goto(`${URL_}/forms/desk`);
await looked(page);
const begin = page.locator('form[action="/api/forms/desk"]');
await begin.locator("#title-zh").fill("自行车登记");
await begin.locator("#title-en").fill("Bicycle registration");
await begin.locator("button").click();
await page.waitForURL(/\/forms\/desk\/[a-z0-9-]+\?/);
const id = new URL(page.url()).pathname.split("/").pop();
await looked(page);

// --- questions: two that point at what is known, a choice, and one that hangs on it ---
const add = async (form, fill) => {
  const before = await page.locator(".making li.card").count();
  const details = page.locator("details", { has: page.locator(form) }).first();
  if (!(await details.evaluate((one) => one.open))) await details.locator("> summary").click();
  await fill(page.locator(form));
  await page.locator(`${form} button`).last().click();
  await page.waitForFunction((n) => document.querySelectorAll(".making li.card").length === n, before + 1);
  await settled();
};
const FACT = 'form[action$="field-add?fact=1"]', OWN = 'form[action$="field-add?own=1"]';
await add(FACT, (form) => form.locator("select[name=fact]").selectOption("name"));
await add(FACT, (form) => form.locator("select[name=fact]").selectOption("phone"));
const own = (zh, en, way) => async (form) => {
  await form.locator('input[name="title.zh"]').fill(zh);
  await form.locator('input[name="title.en"]').fill(en);
  await form.locator("select[name=way]").selectOption(way);
};
await add(OWN, own("有没有电机", "Has it a motor", "choice"));
const editing = page.locator(".making form.autosave").first();
const kept = async () => {
  await editing.locator("button").last().click();
  await page.waitForURL(/done=forms-edit\.field(&|#|$)/);
  await settled();
};
await editing.locator("textarea[name=options]").fill("yes | 有 | yes\nno | 没有 | no");
await kept();
await add(OWN, own("电机功率（瓦）", "Power of the motor, watts", "number"));
const condition = page.locator(".whens details").first();
if (!(await condition.evaluate((one) => one.open))) await condition.locator("> summary").click();
await condition.locator('.choice:has(input[value="yes"])').first().click();
await kept();
await looked(page);
// a question that asks again for what is known is noticed, and pointed at it by one press
await add(OWN, own("宿舍房间", "Dormitory room", "text"));
const point = page.locator('form[action$="edit/field-point"] button').first();
await point.click();
await page.waitForFunction(() => !document.querySelector('form[action$="edit/field-point"]'));
// the preview beside it shows what will be asked
for (const title of language === "en" ? ["Has it a motor", "Power of the motor"] : ["有没有电机", "电机功率"])
  assert.ok((await page.locator("#preview").innerText()).includes(title));

// --- published ---
await page.locator('form[action$="/publish"] button').click();
await page.waitForURL(/done=forms-edit\.publish/);
await looked(page);

// --- filled by a phone, by two students; the second of them has nothing to do with the motor ---
const fills = async (cookie, phone, motor) => {
  const { page: own, context, errors } = await as(cookie, PHONE);
  await own.goto(`${URL_}/forms`);
  await looked(own);
  await own.locator(`a[href="/forms/f/${id}"]`).click();
  await own.waitForURL(`**/forms/f/${id}`);
  await looked(own);
  const boxes = own.locator('.question input:not([type=radio]):not([type=hidden]):visible');
  for (const [place, value] of ["苏明", phone, "梅园 3-201"].entries()) await boxes.nth(place).fill(value);
  const answers = own.locator('input[type=radio]');
  const power = own.locator(".question[data-way=number] input");
  assert.equal(await power.isVisible(), false, "it is not asked before the answer that it hangs on");
  await answers.nth(motor ? 0 : 1).check();
  assert.equal(await power.isVisible(), motor);
  if (motor) await power.fill("250");
  await looked(own);
  await own.locator("form.fill .on button").first().click();
  await own.locator("form.send").waitFor();
  await looked(own);
  await own.locator("form.send button").click();
  await own.waitForURL(/\/forms\/s\/[0-9a-f]+/);
  await looked(own);
  assert.deepEqual(errors, []);
  return { own, context };
};
const one = await fills(first, "13800138000", true);
// what was told is known: the same form is one look and one press
await one.own.goto(`${URL_}/forms/f/enrolment-certificate`);
const told = await one.own.locator(".we-know").innerText();
assert.ok(told.includes("苏明"), told);
assert.equal(await one.own.locator('input[name="name"]:visible').count(), 0);
await looked(one.own);
await one.context.close();
await (await fills(second, "13900139000", false)).context.close();

// --- taken out ---
await page.goto(`${URL_}/forms/desk/${id}/outputs`);
await looked(page);
const [download] = await Promise.all([
  page.waitForEvent("download"), page.locator('a[href$="answers.xlsx"]').first().click(),
]);
const file = await download.path();
assert.deepEqual(desk.errors, []);
console.log(JSON.stringify({ id, file: readFileSync(file).toString("base64") }));
await opened.close();
