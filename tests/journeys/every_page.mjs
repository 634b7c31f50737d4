// Every page as everybody who may see it: axe's rules of WCAG 2.2 AA by day and by night, on a phone and on a desk;
// nothing sticks out at 200 % and 400 % zoom, nor with the spacing of text that 1.4.12 allows a reader to set.
// Arguments: a file with [{path, persona, text}], the browser's language.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { browser, visitor, DESK, PHONE, URL_ } from "./browser.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const AS_READ = { runOnly: TAGS, rules: { "target-size": { enabled: true } }, resultTypes: ["violations"] };
const AT_NIGHT = { runOnly: { type: "rule", values: ["color-contrast", "link-in-text-block"] }, resultTypes: ["violations"] };
const ZOOMED = { width: 640, height: 400 }; // a desk's 1280 at 200 %
const NARROW = { width: 320, height: 568 }; // a desk's 1280 at 400 %: what 1.4.10 asks for
const SPACING = "*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}p{margin-bottom:2em!important}";

const visits = JSON.parse(readFileSync(process.argv[2], "utf8"));
const language = process.argv[3];
const opened = await browser();
const wrong = [];

async function violations(page, options, where) {
  await page.evaluate(AXE);
  const found = await page.evaluate((how) => window.axe.run(document, how), options);
  for (const one of found.violations) {
    wrong.push(`${where}: ${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).slice(0, 3).join(" | ")}`);
  }
}

async function fits(page, where) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  if (wide > page.viewportSize().width) wrong.push(`${where}: ${wide} wide on a screen of ${page.viewportSize().width}`);
}

// What has the focus must be seen (2.4.11): nothing that sticks to an edge may lie over all of it.
async function seen(page, where) {
  const hidden = await page.evaluate(() => {
    const found = [];
    for (const one of document.querySelectorAll("a[href], button, input, select, textarea, summary")) {
      if (!one.checkVisibility() || one.type === "hidden" || one.disabled) continue;
      one.focus({ preventScroll: false });
      if (document.activeElement !== one) continue;
      const box = one.getBoundingClientRect();
      const points = [[0.5, 0.5], [0.1, 0.2], [0.9, 0.2], [0.1, 0.8], [0.9, 0.8]];
      const shown = points.some(([x, y]) => {
        const top = document.elementFromPoint(box.left + box.width * x, box.top + box.height * y);
        return top && (one.contains(top) || top.contains(one) || top.closest("label")?.contains(one));
      });
      if (!shown && box.width && box.height) found.push(one.outerHTML.slice(0, 120));
    }
    return found.slice(0, 3);
  });
  for (const one of hidden) wrong.push(`${where}: the focus is covered: ${one}`);
}

const people = new Map();
for (const visit of visits) people.set(visit.persona, [...(people.get(visit.persona) ?? []), visit]);
let looked = 0;
for (const [persona, theirs] of people) {
  const { context, page, errors } = await visitor(opened, { language, viewport: PHONE });
  if (persona) {
    const told = await context.request.post(`${URL_}/api/sign-in/demo`, { form: { persona, next: "/verify" } });
    assert.ok(told.ok(), `${persona} cannot sign in: ${told.status()}`);
  }
  for (const { path, text } of theirs) {
    const where = `${path} as ${persona.split(":")[0] || "nobody"}`;
    await page.setViewportSize(PHONE);
    await page.emulateMedia({ colorScheme: "light" });
    const answer = await page.goto(URL_ + path);
    if (![200, 404].includes(answer.status())) wrong.push(`${where}: ${answer.status()}`);
    if (!path.startsWith("/sign-in") && page.url().includes("/sign-in")) wrong.push(`${where}: signed out`);
    await page.evaluate(() => document.querySelectorAll("details").forEach((fold) => (fold.open = true)));
    for (const [name, size] of Object.entries({ phone: PHONE, desk: DESK })) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme: "light" });
      await violations(page, AS_READ, `${where}, ${name}`);
      await fits(page, `${where}, ${name}`);
      await seen(page, `${where}, ${name}`);
      await page.emulateMedia({ colorScheme: "dark" });
      await violations(page, AT_NIGHT, `${where}, ${name}, dark`);
    }
    await page.setViewportSize(ZOOMED);
    await fits(page, `${where}, 200 %`);
    if (text) {
      await page.setViewportSize(NARROW);
      await fits(page, `${where}, 400 %`);
      await page.evaluate((css) => {
        const sheet = new CSSStyleSheet(); // by script: the page's policy allows no inline style
        sheet.replaceSync(css);
        document.adoptedStyleSheets = [sheet];
      }, SPACING);
      await fits(page, `${where}, 400 %, wider spaced`);
    }
    looked += 1;
  }
  // what is not there is answered 404, which the browser writes into its console
  const said = errors.filter((one) => !one.includes("404"));
  if (said.length) wrong.push(`as ${persona.split(":")[0]}: ${said}`);
  await context.close();
}
await opened.close();
console.log(`${looked} pages looked at`);
assert.deepEqual([...new Set(wrong)], []);
