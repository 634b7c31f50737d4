// A fault from the label to the technician and back: reported by a phone, taken, mended, confirmed by its link.
// Arguments: language, code of a label, folder for screenshots (optional).
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { accessible, browser, DESK, fits, signIn, URL_, visitor } from "./browser.mjs";

const [language, code, folder] = process.argv.slice(2);
const opened = await browser();
const shot = async (page, name) => {
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
};
const looked = async (page, name) => {
  await accessible(page);
  await fits(page);
  await shot(page, name);
};

// --- whoever needs the network reports it by one tap ---
const reporter = await visitor(opened, { language });
await reporter.page.goto(`${URL_}/r/${code}`);
await looked(reporter.page, "scan");
await reporter.page.locator('form.report button[value="no-connection"]').first().click();
await reporter.page.locator("#filed").waitFor({ state: "visible", timeout: 30_000 });
const follow = await reporter.page.locator("#follow").getAttribute("href");
await shot(reporter.page, "filed");

// --- triage joins it, and a technician has it on the phone ---
const technician = await visitor(opened, { language });
await signIn(technician.page, "technician:N001");
const jobs = technician.page.locator('form[action$="/take"]');
const until = Date.now() + 60_000;
do {
  await technician.page.goto(`${URL_}/repair`);
} while (!(await jobs.count()) && Date.now() < until);
await looked(technician.page, "queue");
const job = (await jobs.first().getAttribute("action")).split("/").at(-2);
await technician.page.goto(`${URL_}/repair/incidents/${job}`);
await looked(technician.page, "incident");
const press = async (deed) => {
  await technician.page.locator(`form[action$="/${job}/${deed}"] button`).first().click();
  await technician.page.waitForFunction(
    (gone) => !document.querySelector(`form[action$="/${gone}"]`), `${job}/${deed}`, { timeout: 30_000 },
  );
};
await press("take");
await press("travel");
await looked(technician.page, "on-the-way");
await reporter.page.goto(URL_ + follow);
await looked(reporter.page, "follow");
const causes = technician.page.locator(`form[action$="/${job}/fix"]`);
if (!(await causes.locator("button").first().isVisible())) {
  await technician.page.locator("details", { has: causes }).locator("summary").first().click();
}
await press("fix");

// --- and whoever reported it says that it works ---
await reporter.page.goto(URL_ + follow);
await looked(reporter.page, "fixed");
await reporter.page.locator('form[action$="/confirm"] button').click();
await reporter.page.waitForFunction(() => !document.querySelector('form[action$="/confirm"]'), null, { timeout: 30_000 });
await looked(reporter.page, "confirmed");
assert.deepEqual(technician.errors, []);

// --- the office sees its buildings, its places and what there is to learn ---
const office = await visitor(opened, { language, viewport: DESK });
await signIn(office.page, "department-officer:network-centre");
for (const path of ["board", "places", "rota", "notices", "learn", "outages"]) {
  await office.page.goto(`${URL_}/repair/${path}`);
  await looked(office.page, path);
}
await opened.close();
