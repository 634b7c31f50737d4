// A technician's day by a phone: the way, a call, a record with a drawn name and a face that is kept while there is no
// network, by keyboard alone, without script, and enlarged. Arguments: language, cookie, day, the visits' ids in order.
import assert from "node:assert/strict";
import { accessible, browser, fits, PHONE, URL_, visitor } from "./browser.mjs";

const [language, cookie, day, first, second, third, fourth] = process.argv.slice(2);
const opened = await browser();
const [name, ...rest] = cookie.split("=");
const signedIn = async (more = {}) => {
  const found = await visitor(opened, { language, ...more });
  await found.context.addCookies([{ name, value: rest.join("="), url: URL_ }]);
  return found;
};
const looked = async (page) => {
  await accessible(page);
  await fits(page);
};
const kept = (page) => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("yinji-visit ")));
const door = (id) => `${URL_}/visits/round/v/${id}`;
const { page, context, errors } = await signedIn();

// --- the day, and the way ---
await page.goto(`${URL_}/visits/round`);
await looked(page);
await page.locator(`.card.big a[href="/visits/round/${day}"]`).click();
await page.waitForURL(`**/visits/round/${day}`);
await looked(page);
const cards = await page.locator(".card.visit").evaluateAll((all) => all.map((one) => one.id));
assert.deepEqual(cards, [first, second, third, fourth].map((id) => `visit-${id}`));
for (const tap of await page.locator(".card.visit .button, .card.visit button").all()) {
  const { width, height } = await tap.boundingBox();
  assert.ok(width >= 44 && height >= 44, "large enough for a thumb");
}
assert.match(await page.locator(`#visit-${first} a[href^="tel:"]`).getAttribute("href"), /^tel:\+?[0-9]{8,}$/);

// --- a record with a drawn name and a face, in a stairwell ---
await page.locator(`#visit-${first} a[href$="#record"]`).click();
await page.waitForURL("**#record");
await looked(page);
await page.locator("#minutes").fill("35");
await page.locator('.choice:has(input[name=solved][value="no"])').tap();
await page.locator('.choice:has(input[name=face][value="good"])').tap();
await page.locator("#parts").fill("网线 2 m\n水晶头");
const canvas = page.locator(".sign canvas");
await canvas.scrollIntoViewIfNeeded();
const box = await canvas.boundingBox();
for (const [from, to] of [[0.1, 0.4], [0.5, 0.9]]) {
  await page.mouse.move(box.x + box.width * from, box.y + box.height * 0.3);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * to, box.y + box.height * 0.7, { steps: 8 });
  await page.mouse.up();
}
const drawn = await page.locator("input[name=signature]").inputValue();
assert.match(drawn, /^(M\d+ \d+(L\d+ \d+)+){2}$/);
// what was typed is there when the page comes again
await page.reload();
assert.equal(await page.locator("#minutes").inputValue(), "35");
assert.equal(await page.locator("input[name=signature]").inputValue(), drawn);
await context.setOffline(true);
await page.locator("form.record .send").click();
await page.locator(".kept").waitFor({ state: "visible" });
assert.equal((await kept(page)).length, 1);
await context.setOffline(false);
await page.waitForURL("**done=visits-round.finish**");
await page.locator("#notice.good").waitFor();
assert.deepEqual(await kept(page), [], "nothing stays on the phone once it is sent");
await looked(page);
assert.equal(await page.locator("svg.signature path").getAttribute("d"), drawn);

// --- the next visit, asked for at once ---
await page.locator("#day").selectOption({ index: 0 });
await page.locator('form[action$="/follow-up"] button').click();
await page.locator('form[action$="/follow-up"]').waitFor({ state: "detached" });
await looked(page);

// --- what was refused keeps what was typed ---
await page.goto(door(second));
await page.locator("form.record").evaluate((form) => form.setAttribute("novalidate", ""));
await page.locator("#note").fill("按了三次门铃");
await page.locator("form.record .send").click();
await page.waitForURL("**problem=invalid-form**");
assert.equal(await page.locator("#note").inputValue(), "按了三次门铃");
assert.equal(await page.locator("#minutes").getAttribute("aria-invalid"), "true");

// --- by keyboard alone ---
const until = async (selector) => {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
  }
  assert.fail(`${selector} is not reached by Tab`);
};
await page.goto(door(second));
await until("input[name=solved]");
await page.keyboard.press("Space");
await until("#minutes");
await page.keyboard.type("20");
await until("input[name=face]");
await page.keyboard.press("Space");
await page.keyboard.press("ArrowRight");
await until("#signed");
await page.keyboard.type("李四");
await page.keyboard.press("Enter");
await page.waitForURL("**done=visits-round.finish**");
await page.goto(`${URL_}/visits/round/${day}`);
await until(`form[action$="/${third}/miss"] button`);
await page.keyboard.press("Enter");
await page.locator(`#visit-${third}.not-met`).waitFor();
await page.locator("#notice.good").waitFor();

// --- without script ---
const plain = await signedIn({ javaScriptEnabled: false });
await plain.page.goto(door(fourth));
assert.equal(await plain.page.locator(".sign").isVisible(), false);
await plain.page.locator("#minutes").fill("15");
await plain.page.locator('input[name=solved][value="yes"]').check();
await plain.page.locator("#signed").fill("王五");
await plain.page.locator("form.record .send").click();
await plain.page.locator("#notice.good").waitFor();

// --- enlarged to 200 %: half the width, and letters twice as large on a phone ---
for (const path of ["", `/${day}`, `/v/${first}`, `/v/${second}`]) {
  await page.setViewportSize({ width: 640, height: 400 });
  await page.goto(`${URL_}/visits/round${path}`);
  await fits(page);
  await page.setViewportSize({ width: 320, height: 640 });
  await fits(page);
  await page.setViewportSize(PHONE);
  await page.evaluate(() => { document.documentElement.style.fontSize = "212.5%"; });
  await fits(page);
}
const network = errors.filter((one) => !one.includes("ERR_INTERNET_DISCONNECTED") && !one.includes("422"));
assert.deepEqual(network, []);
await opened.close();
