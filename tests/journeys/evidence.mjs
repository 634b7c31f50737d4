// A graduate photographs their visa with the phone; the office sees it, another office does not.
// usage: node evidence.mjs <language> [a folder for screenshots]
import assert from "node:assert/strict";
import { DESK, URL_, accessible, browser, fits, graduateWith, signIn, visitor } from "./browser.mjs";

const [language, folder] = process.argv.slice(2);
const opened = await browser();
const shot = (page, name) => folder && page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
const card = "#residence-permit";

// What a camera would give: a JPEG of some size, drawn by the browser itself.
async function photograph(page) {
  const drawn = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 2400, height: 1600 });
    const pen = canvas.getContext("2d");
    for (let place = 0; place < 3000; place += 1) {
      pen.fillStyle = `hsl(${(place * 37) % 360} 40% 70%)`;
      pen.fillRect((place * 97) % 2400, (place * 61) % 1600, 160, 90);
    }
    return canvas.toDataURL("image/jpeg", 0.9).split(",")[1];
  });
  return Buffer.from(drawn, "base64");
}

try {
  const { page, errors, asked, student } = await graduateWith(opened, [`article${card} .upload`], { language });
  const fold = page.locator(`${card} details.fold > summary`).first();
  if (!(await page.locator(`${card} .upload`).isVisible())) await fold.click();
  const picture = await photograph(page);
  await fits(page);
  await accessible(page);
  await shot(page, "upload-empty");
  const file = page.locator(`${card} input[type=file]`);
  const told = page.locator(`${card} .told`);

  // a picture that was cut off is refused in words, and the form is still there
  await file.setInputFiles({ name: "visa.jpg", mimeType: "image/jpeg", buffer: picture.subarray(0, picture.length / 2) });
  await page.locator(`${card} .told.bad`).waitFor({ timeout: 60_000 });
  await shot(page, "upload-refused");

  await file.setInputFiles({ name: "notes.docx", mimeType: "application/zip", buffer: Buffer.from("PK") });
  assert.match(await told.textContent(), /JPEG/);

  await file.setInputFiles({ name: "visa.jpg", mimeType: "image/jpeg", buffer: picture });
  await page.locator(`${card} .told.good`).waitFor({ timeout: 60_000 });
  const id = await page.locator(`${card} input[name=permit]`).inputValue();
  assert.match(id, /^[0-9a-f]{32}$/);
  await accessible(page);
  await shot(page, "upload-accepted");

  // what is refused keeps the document that was accepted
  const date = page.locator(`${card} input[type=date]`);
  await date.evaluate((field) => { field.removeAttribute("min"); field.value = "2020-01-01"; });
  await page.locator(`${card} form button`).first().click();
  await page.locator("#notice.bad:focus").waitFor(); // once the new page has settled
  assert.equal(await page.locator(`${card} input[name=permit]`).inputValue(), id);
  await shot(page, "upload-kept");

  const soon = new Date(Date.now() + 20 * 24 * 3600e3).toISOString().slice(0, 10);
  await page.locator(`${card} input[type=date]`).fill(soon);
  await page.locator(`${card} form button`).first().click();
  await page.locator("#notice.good").waitFor();
  const shown = page.locator(`${card} .document img`);
  await shown.first().scrollIntoViewIfNeeded();
  await page.waitForFunction((place) => document.querySelector(`${place} .document img`)?.naturalWidth > 0, card);
  await fits(page);
  await shot(page, "student-sees");
  const foreign = asked.filter((url) => !url.startsWith(URL_));
  assert.ok(foreign.length > 0 && foreign.every((url) => /\/[a-z0-9-]*intake[a-z0-9-]*$/.test(url)), foreign.join(" "));
  if (!folder) assert.deepEqual(errors, []); // taking a screenshot is what the policy forbids

  const office = await visitor(opened, { viewport: DESK });
  await signIn(office.page, "department-officer:international-education");
  await office.page.goto(`${URL_}/queues/residence-permit`);
  await office.page.waitForFunction(() => document.querySelector(".document img")?.naturalWidth > 0);
  await accessible(office.page);
  await shot(office.page, "officer-queue");
  const place = await office.page.locator(".document").first().getAttribute("href");
  const answer = await office.context.request.get(URL_ + place);
  assert.equal(answer.status(), 200);
  assert.equal(answer.headers()["content-type"], "image/jpeg");
  const kept = await answer.body();
  assert.ok(kept.length > 1000 && !kept.includes("Exif") );
  await office.page.goto(`${URL_}/cases/${student.persona.split(":")[1]}`);
  await office.page.waitForFunction(() => document.querySelector(".document img")?.naturalWidth > 0);
  await shot(office.page, "officer-case");
  if (!folder) assert.deepEqual(office.errors, []);

  const other = await visitor(opened, { viewport: DESK });
  await signIn(other.page, "department-officer:finance");
  assert.equal((await other.context.request.get(URL_ + place)).status(), 403);
  console.log("ok");
} finally {
  await opened.close();
}
