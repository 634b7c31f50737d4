// How long a label takes on a slow phone: until its page can be used, and until a report is filed by one tap. Arguments: the code of
// a label, and how often in each language. Prints a JSON line of milliseconds for each time.
import { browser, slow, URL_, visitor } from "../journeys/browser.mjs";

const [code, times] = process.argv.slice(2);
const opened = await browser();
for (let time = 0; time < Number(times); time += 1) {
  for (const language of ["zh-CN", "en"]) {
    const { context, page } = await visitor(opened, { language, serviceWorkers: "block" });
    await slow(page);
    const began = Date.now();
    await page.goto(`${URL_}/r/${code}`, { waitUntil: "domcontentloaded", timeout: 60_000 });
    const usable = await page.evaluate(() => performance.timing.domContentLoadedEventEnd - performance.timing.navigationStart);
    await page.locator('form.report button[value="no-connection"]').first().tap();
    await page.locator("#filed").waitFor({ state: "visible", timeout: 60_000 });
    console.log(JSON.stringify({ language, usable, filed: Date.now() - began }));
    await context.close();
  }
}
await opened.close();
