// Signing in by the university's own sign-in, proving it once more, signing out here and everywhere.
import assert from "node:assert/strict";
import { accessible, browser, fits, visitor, URL_ } from "./browser.mjs";

const [language, way, account, password, name] = process.argv.slice(2);
const FORMS = {
  oidc: { user: "#username", password: "#password", submit: "#submit" },
  cas: { user: "#id_username", password: "#id_password", submit: "#login_form button[type=submit]" },
};
const form = FORMS[way];
const opened = await browser();
const { context, page, errors } = await visitor(opened, { language });
const ours = (path) => page.waitForURL((url) => url.origin === URL_ && url.pathname === path);

async function prove() {
  await page.waitForSelector(form.user);
  assert.ok(!page.url().startsWith(URL_), "it is asked elsewhere");
  await page.fill(form.user, account);
  await page.fill(form.password, password);
  await page.click(form.submit);
}

async function looks() {
  await accessible(page);
  await fits(page);
}

// whoever comes from nowhere is asked, and gets where they wanted
await page.goto(`${URL_}/queues`);
await ours("/sign-in");
await looks();
await page.click(`a[href^="/api/sign-in/${way}?"]`);
await prove();
await ours("/queues");

// their account tells who they are and where they are signed in
await page.click("a.account");
await ours("/account");
assert.equal(await page.textContent("h1"), name);
await looks();
const cookie = (await context.cookies(URL_)).find((one) => one.name === "yinji_session");
assert.ok(cookie.httpOnly && cookie.sameSite === "Lax", "scripts and other sites have no part in it");
assert.equal(await page.evaluate(() => document.cookie.includes("session")), false);

// who is signed in is asked again where it must be them
await page.goto(`${URL_}/sign-in?again=1&next=/account`);
await looks();
await page.click(`a[href^="/api/sign-in/${way}?"]`);
await prove();
await ours("/account");
await page.waitForSelector("#to");

// signed out here; the university still knows them, and says so
await page.click("form[action='/api/sign-out'] button");
await ours("/sign-in");
await page.waitForSelector("#notice.good");
await page.waitForSelector(`a[href="/api/sign-in/${way}/leave"]`);
await looks();
await page.goto(`${URL_}/account`);
await ours("/sign-in");
await page.click(`a[href^="/api/sign-in/${way}?"]`);
await ours("/account");

// by one press every browser is signed out, this one at once
await page.click("form[action='/api/sign-out/everywhere'] button");
await ours("/sign-in");

// whom the university does not know, or who is nobody here, is told so
await page.goto(`${URL_}/api/sign-in/${way}/back?state=made-up&code=made-up&ticket=made-up`);
await ours("/sign-in");
await page.waitForSelector("#notice.bad");
await looks();
assert.deepEqual(errors.filter((error) => !error.includes("favicon")), []);
await opened.close();
