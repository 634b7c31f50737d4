// Whoever scans a label: on a slow phone, with an outage that is known, off line, without script, and once more after
// the answer was lost. Arguments: language, code of a label, code of another, code of one where an outage is known.
// What arrived is printed for the test, which counts it.
import assert from "node:assert/strict";
import { accessible, browser, fits, slow, unthrottled, URL_, visitor } from "./browser.mjs";

const [language, code, other, known] = process.argv.slice(2);
const LOUD = /Failed to load resource|net::ERR/;
const opened = await browser();
const sent = [];

const shown = (page, id) => page.locator(`#${id}`).waitFor({ state: "visible", timeout: 30_000 });
const symptom = (page, name) => page.locator(`form.report button[value="${name}"]`).first();
const quiet = (errors) => assert.deepEqual(errors.filter((one) => !LOUD.test(one)), []);

async function arrived(page) {
  await shown(page, "filed");
  const follow = await page.locator("#follow").getAttribute("href");
  assert.match(follow, /^\/r\/follow\/[0-9a-f]{24}\.[A-Za-z0-9_-]{24}$/);
  sent.push(follow);
  return follow;
}

// --- on a slow phone: one tap, and what it costs ---
{
  const { context, page, asked, errors } = await visitor(opened, { language, serviceWorkers: "block" });
  const session = await slow(page);
  let bytes = 0;
  session.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
  await page.goto(`${URL_}/r/${code}`, { waitUntil: "domcontentloaded", timeout: 30_000 });
  // each request costs seconds there; how many seconds in all, tests/bench/repair.py measures
  assert.deepEqual(asked, [`${URL_}/r/${code}`], "it can be used after one answer");
  await symptom(page, "no-connection").tap();
  const follow = await arrived(page);
  assert.ok(bytes < 30_000, `the page and the report took ${bytes} bytes`);
  await unthrottled(session);
  await accessible(page);
  await page.goto(URL_ + follow);
  await accessible(page);
  await fits(page);
  await page.goto(`${URL_}/r`);
  await shown(page, "mine");
  await accessible(page);
  quiet(errors);
  await context.close();
}

// --- two taps test the network, and what they found goes along ---
{
  const { context, page, errors } = await visitor(opened, { language, serviceWorkers: "block" });
  await page.goto(`${URL_}/r/${code}`);
  await accessible(page);
  await fits(page);
  await page.locator("#check summary").tap();
  await page.locator("#run").tap();
  await shown(page, "found");
  assert.equal(await page.locator("[data-verdict]:visible").count(), 1);
  await accessible(page);
  await page.locator("details.more summary").tap();
  await page.locator("#text").fill("插座没有反应 <b>");
  await symptom(page, "slow").tap();
  await arrived(page);
  await page.reload();
  await page.locator("#check summary").tap();
  await page.locator("#run").tap();
  await shown(page, "found");
  await page.locator("#solved").tap();
  await shown(page, "thanks");
  // somebody else's page answers in place of ours
  await page.route("**/static/**icon.svg?n=*", (route) => route.fulfill({ body: "<html>sign in</html>" }));
  await page.locator("#run").tap();
  await page.locator('[data-verdict="captive"]').waitFor({ state: "visible" });
  quiet(errors);
  await context.close();
}

// --- an outage that is known: one tap as well, and what else there is behind another ---
{
  const { context, page, errors } = await visitor(opened, { language, serviceWorkers: "block" });
  await page.goto(`${URL_}/r/${known}`);
  await accessible(page);
  await fits(page);
  assert.equal(await page.locator("section.known").count(), 1);
  await page.locator("section.known button").tap();
  await arrived(page);
  await page.goto(`${URL_}/r/${known}`);
  await page.locator("details.else > summary").tap();
  await page.locator('details.else button[value="sign-in"]').tap();
  await arrived(page);
  quiet(errors);
  await context.close();
}

// --- without script it is a form ---
{
  const { context, page } = await visitor(opened, { language, javaScriptEnabled: false });
  await page.goto(`${URL_}/r/${code}`);
  await page.locator('form.report button[value="sign-in"]').tap();
  await page.waitForURL(/\/r\/follow\/.*done=filed/);
  sent.push(new URL(page.url()).pathname);
  await context.close();
}

// --- the answer is lost on its way: it is sent again, and is one report ---
{
  const { context, page, errors } = await visitor(opened, { language, serviceWorkers: "block" });
  let tries = 0;
  await page.route("**/api/repair/reports", async (route) => {
    tries += 1;
    if (tries > 2) return route.continue();
    await route.fetch();
    if (tries === 1) return route.abort();
    return route.fulfill({ status: 200, contentType: "text/html", body: "<html>sign in to Wi-Fi</html>" });
  });
  await page.goto(`${URL_}/r/${code}`);
  await symptom(page, "slow").tap();
  await shown(page, "kept");
  await accessible(page);
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await page.waitForTimeout(300);
  assert.equal(tries, 2);
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await arrived(page);
  assert.equal(tries, 3);
  quiet(errors);
  await context.close();
}

// --- off line: kept, also when the page is closed and another label is scanned; sent once the phone is on line again ---
{
  const { context, page, errors } = await visitor(opened, { language });
  await page.goto(`${URL_}/r/${code}`);
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    if (!navigator.serviceWorker.controller) await new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", done));
  });
  await page.reload();
  await context.setOffline(true);
  await shown(page, "off");
  await symptom(page, "no-connection").tap();
  await shown(page, "kept");
  await page.close();

  const again = await context.newPage();
  await again.goto(`${URL_}/r/${code}`);
  assert.ok(await again.locator("h1").innerText());
  await shown(again, "waiting");
  await again.goto(`${URL_}/r/${other}`);
  assert.equal(await again.locator("#typed").innerText(), other);
  await symptom(again, "slow").tap();
  await shown(again, "kept");
  await accessible(again);

  await context.setOffline(false);
  await arrived(again);
  await again.waitForFunction(() => document.querySelectorAll("#mine li").length === 2);
  sent.push(await again.locator("#mine a").evaluateAll((all, mine) => all.map((one) => one.getAttribute("href")).find((one) => one !== mine), sent.at(-1)));
  await again.reload();
  await again.waitForTimeout(500);
  assert.equal(await again.locator("#waiting").isVisible(), false);
  quiet(errors);
  await context.close();
}

await opened.close();
console.log(JSON.stringify({ sent }));
