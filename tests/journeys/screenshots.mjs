// The README's pictures, from a running local cloud: `make screenshots`. Writes into the folder it is given.
import { writeFileSync } from "node:fs";
import { DESK, browser, graduateWith, personas, signIn, visitor, URL_ } from "./browser.mjs";

const folder = process.argv[2];
const opened = await browser();
const shot = (page, name) => page.screenshot({ path: `${folder}/${name}.png` });

for (const [language, name] of [["zh-CN", "student.zh"], ["en", "student.en"]]) {
  try {
    const { page } = await graduateWith(opened, ["article.blocked"], { language });
    await shot(page, name);
  } catch {
    console.log("nobody is stuck: `make reset up` brings a fresh season");
  }
}
const desks = [
  ["counsellor:S01", "/schools/S01", "counsellor"],
  ["department-officer:housing", "/queues/dormitory", "queue"],
  ["administrator:admin", "/season", "season"],
  ["counsellor:S01", "/archive/students", "archives"],
];
for (const [persona, path, name] of desks) {
  const { page } = await visitor(opened, { language: "zh-CN", viewport: DESK });
  await signIn(page, persona);
  await page.goto(URL_ + path);
  await shot(page, name);
}
// the one who looks back on most years
const known = await personas();
let longest = { years: 0 };
for (const { persona } of [...known.growing, ...known.students]) {
  const { page, context } = await visitor(opened, { language: "zh-CN" });
  await signIn(page, persona);
  await page.goto(`${URL_}/archive`);
  const years = await page.locator("nav.years a").count();
  if (years > longest.years) longest = { years, persona };
  await context.close();
}
for (const [path, name] of longest.persona ? [["/archive", "archive"], ["/archive/portrait", "portrait"]] : []) {
  const { page } = await visitor(opened, { language: "zh-CN" });
  await signIn(page, longest.persona);
  await page.goto(URL_ + path);
  await shot(page, name);
}
try {
  const { page, context } = await graduateWith(opened, [".farewell a.button"], { language: "zh-CN" });
  const pdf = await context.request.get(URL_ + (await page.getAttribute(".farewell a.button", "href")));
  writeFileSync(`${folder}/certificate.pdf`, await pdf.body());
} catch {
  console.log("nobody has a certificate yet: `make season-demo` brings some");
}
await opened.close();
